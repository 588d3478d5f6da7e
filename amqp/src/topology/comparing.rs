//! How a broker differs from what it must have.

use serde_json::{Map, Value};

use super::difference::{Difference, Problem, Subject};
use super::live::{Live, LiveBinding, LiveExchange, LiveQueue};
use super::{Argument, Binding, Exchange, Queue, Topology};

/// How a broker differs from what it must have, in the order in which it can be mended. What other programs have there
/// is their own business, as long as it changes nothing of ours.
pub fn compare(topology: &Topology, live: &Live) -> Vec<Difference> {
    let mut differences = Vec::new();
    for exchange in &topology.exchanges {
        match live.exchanges.iter().find(|found| found.name == exchange.name) {
            Some(found) => compare_exchange(exchange, found, &mut differences),
            None => differences.push(Difference::missing_exchange(exchange.name)),
        }
    }
    for queue in &topology.queues {
        match live.queues.iter().find(|found| found.name == queue.name) {
            Some(found) => compare_queue(queue, found, &mut differences),
            None => differences.push(Difference::missing_queue(&queue.name)),
        }
    }
    for binding in topology.bindings.iter().filter(|binding| has_both_ends(live, binding)) {
        if !live.bindings.iter().any(|found| is(found, binding)) {
            let subject = Subject::of_binding(binding.exchange, &binding.queue, binding.routing_key);
            differences.push(Difference::missing(subject));
        }
    }
    differences.extend(stale_bindings(topology, live).map(|binding| Difference::stale(topology, binding)));
    differences
}

/// The bindings of our queues that the catalogue does not ask for.
pub(crate) fn stale_bindings<'a>(topology: &'a Topology, live: &'a Live) -> impl Iterator<Item = &'a LiveBinding> {
    live.bindings.iter().filter(|found| {
        // The default exchange binds every queue by its name, and that cannot be undone.
        let ours = found.destination_type == "queue" && topology.queue(&found.destination).is_some();
        ours && !found.source.is_empty() && !topology.bindings.iter().any(|binding| is(found, binding))
    })
}

/// A queue or an exchange that is missing is reported itself; its bindings come back with it.
fn has_both_ends(live: &Live, binding: &Binding) -> bool {
    live.exchanges.iter().any(|exchange| exchange.name == binding.exchange)
        && live.queues.iter().any(|queue| queue.name == binding.queue)
}

fn is(found: &LiveBinding, binding: &Binding) -> bool {
    found.destination_type == "queue"
        && found.source == binding.exchange
        && found.destination == binding.queue
        && found.routing_key == binding.routing_key
        && found.arguments.is_empty()
}

fn compare_exchange(wanted: &Exchange, found: &LiveExchange, differences: &mut Vec<Difference>) {
    let mut wrong = |text| differences.push(Difference::wrong_exchange(wanted.name, text));
    if found.kind != wanted.kind.name() {
        wrong(format!("is of kind \"{}\" and must be of kind \"{}\"", found.kind, wanted.kind.name()));
    }
    flag(found.durable, true, "durable", &mut wrong);
    flag(found.auto_delete, false, "auto-delete", &mut wrong);
    flag(found.internal, false, "internal", &mut wrong);
    compare_arguments(&wanted.arguments, &found.arguments, &mut wrong);
}

fn compare_queue(wanted: &Queue, found: &LiveQueue, differences: &mut Vec<Difference>) {
    let mut wrong = |text| differences.push(Difference::wrong_queue(&wanted.name, text));
    flag(found.durable, true, "durable", &mut wrong);
    flag(found.auto_delete, false, "auto-delete", &mut wrong);
    flag(found.exclusive, false, "exclusive", &mut wrong);
    compare_arguments(&wanted.arguments, &found.arguments, &mut wrong);
    let policies = found.policies.as_ref().and_then(Value::as_object);
    for (key, effect) in HARMFUL {
        if let Some(value) = policies.and_then(|policies| policies.get(key)) {
            differences.push(Difference {
                subject: Subject::Queue { name: wanted.name.clone() },
                problem: Problem::Policy,
                text: format!("has \"{key}\" set to {value} by a policy: {effect}"),
                mend: "change the policy so that it does not match this queue (`rabbitmqctl list_policies`, \
                       `rabbitmqctl list_operator_policies`)"
                    .to_owned(),
            });
        }
    }
}

/// What a policy may set that takes messages out of a queue before anybody has handled them.
const HARMFUL: [(&str, &str); 5] = [
    ("delivery-limit", "messages that were only near a crash are set aside with the one that caused it"),
    ("message-ttl", "events that wait longer are set aside unhandled"),
    ("max-length", "events beyond it are set aside unhandled"),
    ("max-length-bytes", "events beyond it are set aside unhandled"),
    ("expires", "the queue is deleted with its events when nobody consumes for that long"),
];

fn flag(found: bool, wanted: bool, word: &str, wrong: &mut impl FnMut(String)) {
    if found != wanted {
        let (is, must) = if wanted { ("is not", "must be") } else { ("is", "must not be") };
        wrong(format!("{is} {word} and {must}"));
    }
}

fn compare_arguments(wanted: &[(&'static str, Argument)], found: &Map<String, Value>, wrong: &mut impl FnMut(String)) {
    for (name, value) in wanted {
        let value = match value {
            Argument::Text(text) => Value::from(*text),
            Argument::Flag(flag) => Value::from(*flag),
        };
        match found.get(*name) {
            Some(other) if *other == value => {}
            Some(other) => wrong(format!("has the argument \"{name}\" with {other} and must have it with {value}")),
            None => wrong(format!("lacks the argument \"{name}\", which must be {value}")),
        }
    }
    for (name, value) in found {
        if !wanted.iter().any(|(wanted, _)| wanted == name) {
            wrong(format!("has the argument \"{name}\" with {value} and must not have it"));
        }
    }
}

#[cfg(test)]
mod tests;
