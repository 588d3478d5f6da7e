//! AsyncAPI 2.6.0 documents.

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::catalogue::{self, Entry};
use crate::service::Service;
use crate::topology::EXCHANGE;

const HEADER: &str = "# Generated from the event catalogue by `bookly contract`. Do not edit.\n";

const DESCRIPTION: &str = "\
Bookly reserves a university's rooms, labs and equipment. Its services talk by events alone, and any other program may \
listen or speak.

**To receive**, declare a queue of your own and bind it to the topic exchange `bookly.events` with the event types you \
want as routing keys; `#` binds to all. Delivery is at least once: tell repeats apart by `eventId`. Events of one \
aggregate arrive in the order of `version`; a version you have already passed is a repeat.

**To send**, publish a well-formed envelope of a type listed here to `bookly.events`, with the type as routing key, \
persistent, and with a fresh UUID as `eventId`. It is consumed like one of Bookly's own. What cannot be read is parked \
as a dead letter.

Optional fields are left out when they have no value. Ignore fields that you do not know: fields may be added at any \
time, while none is renamed, removed or given another meaning without a new `metadata.schemaVersion`. An envelope has at \
most 1 MiB.";

/// Who reads a document, and so which way events flow in it.
#[derive(Clone, Copy)]
enum View {
    /// Any program: it may receive and send every event.
    Anyone,
    /// One service's own contract: others receive what it produces and send what it consumes.
    Of(Service),
}

impl View {
    fn receives(self, entry: &Entry) -> bool {
        match self {
            Self::Anyone => true,
            Self::Of(service) => entry.producer == service,
        }
    }

    fn sends(self, entry: &Entry) -> bool {
        match self {
            Self::Anyone => true,
            Self::Of(service) => entry.consumers.contains(&service),
        }
    }
}

/// The whole contract, as YAML.
pub fn asyncapi() -> String {
    document(View::Anyone, "Bookly events", DESCRIPTION)
}

/// The contract of one service, as YAML: `subscribe` is what it raises, `publish` what it consumes.
pub fn asyncapi_for(service: Service) -> String {
    let name = service.wire_name();
    let description = format!(
        "The events that `{name}` raises (`subscribe`) and consumes (`publish`). How to receive and send them is said \
         in the contract of the whole, `asyncapi.yml` at the project's root."
    );
    document(View::Of(service), &format!("Bookly {name} events"), &description)
}

/// Writes a document as YAML.
fn document(view: View, title: &str, description: &str) -> String {
    let yaml = serde_yaml_ng::to_string(&content(view, title, description))
        .expect("JSON with string keys can be written as YAML");
    format!("{HEADER}{}", quote_times(&yaml))
}

/// Puts quotes around what begins with a digit and contains a colon: YAML 1.1 parsers, which are still common, read
/// `22:00` as the number 1320 and `2026-03-02T09:00:00Z` as something else than text.
fn quote_times(yaml: &str) -> String {
    let mut quoted = String::with_capacity(yaml.len());
    for line in yaml.lines() {
        let start = line.rfind(": ").map_or(0, |colon| colon + 2);
        let (before, value) = line.split_at(start);
        let of_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '-' | '.' | 'T' | 'Z');
        if value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(':') && value.chars().all(of_time) {
            quoted.extend([before, "'", value, "'\n"]);
        } else {
            quoted.extend([line, "\n"]);
        }
    }
    quoted
}

fn content(view: View, title: &str, description: &str) -> Value {
    let entries: Vec<_> = catalogue::ENTRIES.iter().filter(|entry| view.receives(entry) || view.sends(entry)).collect();
    let schemas = Schemas::of(entries.iter().copied());
    let channels: Map<_, _> = entries.iter().map(|entry| (entry.event_type.to_owned(), channel(view, entry))).collect();
    let messages: Map<_, _> =
        entries.iter().map(|entry| (entry.payload.to_owned(), message(view, entry, &schemas))).collect();
    json!({
        "asyncapi": "2.6.0",
        "id": match view {
            View::Anyone => "urn:bookly:events".to_owned(),
            View::Of(service) => format!("urn:bookly:events:{service}"),
        },
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": description,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "tags": tags(&entries),
        "servers": { "rabbitmq": server() },
        "channels": channels,
        "components": {
            "messages": messages,
            "schemas": schemas.by_name,
            "securitySchemes": {
                "account": {
                    "type": "userPassword",
                    "description": "An account of the broker that may write to, or bind queues to, `bookly.events`.",
                },
            },
        },
    })
}

fn server() -> Value {
    json!({
        "url": "{host}:{port}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "The RabbitMQ broker of a distributed installation. An embedded one has no broker; its events \
                        are read over HTTP and WebSocket.",
        "variables": {
            "host": { "default": "localhost", "description": "The broker's name." },
            "port": { "default": "5672", "description": "5671 with TLS." },
        },
        "security": [{ "account": [] }],
    })
}

fn tags(entries: &[&Entry]) -> Vec<Value> {
    let produces = |service: &Service| entries.iter().any(|entry| entry.producer == *service);
    let tag = |service: Service| json!({ "name": service.wire_name(), "description": format!("Events that {service} raises.") });
    Service::ALL.into_iter().filter(produces).map(tag).collect()
}

fn channel(view: View, entry: &Entry) -> Value {
    let mut channel = json!({
        "description": entry.description(),
        "servers": ["rabbitmq"],
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": EXCHANGE, "type": "topic", "durable": true, "autoDelete": false, "vhost": "/",
                },
                "bindingVersion": "0.2.0",
            },
        },
    });
    if view.receives(entry) {
        channel["subscribe"] = operation("receive", "Receive", entry);
        channel["subscribe"]["bindings"]["amqp"] = json!({ "ack": true, "bindingVersion": "0.2.0" });
    }
    if view.sends(entry) {
        channel["publish"] = operation("send", "Send", entry);
        channel["publish"]["description"] = json!(consumers(entry));
        channel["publish"]["bindings"]["amqp"] = json!({ "deliveryMode": 2, "bindingVersion": "0.2.0" });
    }
    channel
}

fn operation(verb: &str, title: &str, entry: &Entry) -> Value {
    json!({
        "operationId": format!("{verb}{}", entry.payload),
        "summary": format!("{title} `{}`.", entry.event_type),
        "tags": [{ "name": entry.producer.wire_name() }],
        "message": { "$ref": format!("#/components/messages/{}", entry.payload) },
    })
}

fn consumers(entry: &Entry) -> String {
    if entry.routes.is_empty() {
        return "No service of Bookly consumes it; other programs may.".to_owned();
    }
    let lines = entry.routes.iter().map(|route| format!("- `{}`: {}", route.consumer.wire_name(), route.action));
    format!("Consumed by\n\n{}", lines.collect::<Vec<_>>().join("\n"))
}

fn message(view: View, entry: &Entry, schemas: &Schemas) -> Value {
    let description = entry.description();
    let mut message = json!({
        "name": entry.event_type,
        "title": title(entry.payload),
        "summary": first_sentence(&description),
        "description": description,
        "contentType": "application/json",
        "tags": [{ "name": entry.producer.wire_name() }],
        "bindings": { "amqp": { "messageType": entry.event_type, "bindingVersion": "0.2.0" } },
        "payload": schemas.message(entry),
        "examples": [{
            "name": format!("{}Example", entry.payload),
            "summary": "With every optional field.",
            "payload": entry.example_envelope(),
        }],
    });
    // The specification wants one, and wants it unique over operations: impossible where two share a message.
    if view.receives(entry) != view.sends(entry) {
        message["messageId"] = json!(entry.payload);
    }
    message
}

/// `ResourceStatusChanged` as `Resource status changed`.
fn title(name: &str) -> String {
    let mut title = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
            title.extend(letter.to_lowercase());
        } else {
            title.push(letter);
        }
    }
    title
}

fn first_sentence(text: &str) -> &str {
    text.find(". ").or_else(|| text.find(".\n")).map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yaml_says_what_was_meant() {
        for view in Service::ALL.map(View::Of).into_iter().chain([View::Anyone]) {
            let read: Value = serde_yaml_ng::from_str(&document(view, "Title", DESCRIPTION)).unwrap();
            assert_eq!(read, content(view, "Title", DESCRIPTION));
        }
    }

    #[test]
    fn times_are_text_for_every_yaml_parser() {
        assert_eq!(quote_times("a:\n  opensAt: 06:00\n"), "a:\n  opensAt: '06:00'\n");
        assert_eq!(quote_times("at: 2026-03-02T09:00:00.5Z\n"), "at: '2026-03-02T09:00:00.5Z'\n");
        for other in ["version: 0.1.0\n", "count: 12\n", "- a\n", "text: 'from 06:00'\n", "id: 0199b8a4-6c00\n"] {
            assert_eq!(quote_times(other), other);
        }
        assert!(asyncapi().contains("opensAt: '06:00'"));
    }

    #[test]
    fn names_become_titles_and_descriptions_become_summaries() {
        assert_eq!(title("ResourceStatusChanged"), "Resource status changed");
        assert_eq!(first_sentence("One. Two."), "One.");
        assert_eq!(first_sentence("One\ntwo.\n\nThree."), "One\ntwo.");
        assert_eq!(first_sentence("One."), "One.");
    }
}
