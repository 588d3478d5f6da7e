"""A program of somebody else: listens to Bookly's events, or publishes one, knowing nothing but the contract.

    consumer.py listen --url URL --contract asyncapi.yml [--count N] [--until TYPE ...] [--within SECONDS]
    consumer.py publish --url URL [--reply] [--within SECONDS] < envelope.json

`listen` binds a queue of its own to every event, says so with the line {"listening": QUEUE}, then prints a line of JSON
for each message: eventType, eventId, valid, errors. It ends with 0 after N messages, or when each TYPE has come.

`publish` publishes standard input, whatever it is, as the contract says, and waits until the broker confirms it; it
prints {"confirmed": true}. With --reply it then waits for the answer and prints that.

Either ends with 4 when SECONDS (60 by default) pass first.
"""

import argparse
import json
import sys
import time
import uuid

import jsonschema
import pika
import yaml

EXCHANGE = "bookly.events"
TOO_LATE = 4


class TooLate(Exception):
    """The time allowed has passed."""


def tell(line):
    print(json.dumps(line), flush=True)


class Contract:
    """What asyncapi.yml says of messages."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver.from_schema(self.document)

    def message(self, event_type):
        """The message that the channel of this name carries, or None."""
        channel = self.document["channels"].get(event_type)
        if channel is None:
            return None
        _, message = self.resolver.resolve(channel["subscribe"]["message"]["$ref"])
        return message

    def errors(self, routing_key, properties, body):
        """What is wrong with a message; nothing when it keeps the contract."""
        message = self.message(routing_key)
        if message is None:
            return [f"there is no channel {routing_key}"]
        try:
            envelope = json.loads(body)
        except ValueError as error:
            return [f"not JSON: {error}"]
        validator = jsonschema.Draft7Validator(
            message["payload"], resolver=self.resolver, format_checker=jsonschema.FormatChecker()
        )
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(envelope)]
        expected = {"content_type": message["contentType"], "delivery_mode": 2}
        if isinstance(envelope, dict):
            expected["type"] = envelope.get("eventType")
            expected["message_id"] = envelope.get("eventId")
        for name, value in expected.items():
            found = getattr(properties, name)
            if found != value:
                errors.append(f"property {name} is {found!r} instead of {value!r}")
        return errors


def described(contract, routing_key, properties, body):
    errors = contract.errors(routing_key, properties, body)
    try:
        envelope = json.loads(body)
    except ValueError:
        envelope = None
    envelope = envelope if isinstance(envelope, dict) else {}
    return {
        "eventType": envelope.get("eventType"),
        "eventId": envelope.get("eventId"),
        "valid": not errors,
        "errors": errors,
    }


def deliveries(channel, queue, seconds):
    """The messages of a queue, until time is up."""
    deadline = time.monotonic() + seconds
    for method, properties, body in channel.consume(queue, inactivity_timeout=0.2):
        if method is not None:
            yield method, properties, body
        if time.monotonic() > deadline:
            raise TooLate


def listen(channel, arguments):
    contract = Contract(arguments.contract)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, EXCHANGE, "#")
    tell({"listening": queue})
    count, awaited = 0, set(arguments.until)
    for method, properties, body in deliveries(channel, queue, arguments.within):
        tell(described(contract, method.routing_key, properties, body))
        channel.basic_ack(method.delivery_tag)
        count += 1
        awaited.discard(method.routing_key)
        if count == arguments.count or (arguments.until and not awaited):
            return


def publish(channel, arguments):
    body = sys.stdin.buffer.read()
    try:
        envelope = json.loads(body)
    except ValueError:
        envelope = None
    envelope = envelope if isinstance(envelope, dict) else {}
    event_type, event_id = str(envelope.get("eventType", "")), str(envelope.get("eventId", ""))
    question = str(uuid.uuid4())
    queue = channel.queue_declare("", exclusive=True).method.queue if arguments.reply else None
    properties = pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,
        message_id=event_id,
        type=event_type,
        app_id="consumer.py",
        correlation_id=question,
        reply_to=queue,
    )
    channel.confirm_delivery()
    # Raises when the broker refuses the message or has no queue for it.
    channel.basic_publish(EXCHANGE, arguments.key or event_type, body, properties, mandatory=True)
    tell({"confirmed": True})
    if queue is None:
        return
    for method, answer, body in deliveries(channel, queue, arguments.within):
        channel.basic_ack(method.delivery_tag)
        if answer.correlation_id == question:
            tell(json.loads(body))
            return


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(required=True)
    listening = modes.add_parser("listen")
    listening.set_defaults(run=listen)
    listening.add_argument("--contract", required=True)
    listening.add_argument("--count", type=int)
    listening.add_argument("--until", nargs="+", default=[], metavar="TYPE")
    publishing = modes.add_parser("publish")
    publishing.set_defaults(run=publish)
    publishing.add_argument("--key", help="the routing key, where it is not to be the event's type")
    publishing.add_argument("--reply", action="store_true")
    for mode in (listening, publishing):
        mode.add_argument("--url", required=True)
        mode.add_argument("--within", type=float, default=60.0, metavar="SECONDS")
    return parser.parse_args()


def main():
    arguments = parsed()
    with pika.BlockingConnection(pika.URLParameters(arguments.url)) as connection:
        try:
            arguments.run(connection.channel(), arguments)
        except TooLate:
            print(f"nothing more came within {arguments.within} s", file=sys.stderr)
            sys.exit(TOO_LATE)


if __name__ == "__main__":
    main()
