//! What must exist on the broker, as plain data derived from the catalogue.
//!
//! Events go to one topic exchange with their type as routing key. Each consuming service has one queue, bound to the
//! types that the catalogue routes to it. Any other program may bind a queue of its own to [`EXCHANGE`].

use crate::catalogue;
use crate::service::Service;

/// The topic exchange that every event is published to.
pub const EXCHANGE: &str = "bookly.events";

/// Where events go that no queue is bound for. Bookly binds nothing to it: such an event simply has no consumer yet.
pub const UNROUTED_EXCHANGE: &str = "bookly.unrouted";

/// Where messages go that a consumer could not handle.
pub const DEAD_LETTER_EXCHANGE: &str = "bookly.dead-letters";

/// The queue that collects them.
pub const DEAD_LETTER_QUEUE: &str = "bookly.dead-letters";

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// By matching routing keys.
    Topic,
    /// To every bound queue.
    Fanout,
}

/// An exchange to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Its name.
    pub name: &'static str,
    /// How it routes.
    pub kind: ExchangeKind,
    /// Its arguments.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A queue to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A binding to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The exchange the messages come from.
    pub exchange: &'static str,
    /// The queue they go to.
    pub queue: String,
    /// Which of them; empty for a fanout exchange.
    pub routing_key: &'static str,
}

/// The value of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Flag(bool),
}

/// Everything that must exist, in an order in which it can be declared. All of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The bindings.
    pub bindings: Vec<Binding>,
}

/// The name of a service's queue: `bookly.availability`.
pub fn queue_name(service: Service) -> String {
    format!("bookly.{service}")
}

impl Topology {
    /// The topology that the catalogue asks for. A service that consumes nothing has no queue.
    pub fn of_catalogue() -> Self {
        let mut topology = Self { exchanges: exchanges(), queues: vec![dead_letter_queue()], bindings: Vec::new() };
        topology.bindings.push(Binding {
            exchange: DEAD_LETTER_EXCHANGE,
            queue: DEAD_LETTER_QUEUE.to_owned(),
            routing_key: "",
        });
        for service in Service::ALL {
            let bindings: Vec<_> = catalogue::consumed_by(service)
                .map(|entry| Binding { exchange: EXCHANGE, queue: queue_name(service), routing_key: entry.event_type })
                .collect();
            if !bindings.is_empty() {
                topology.queues.push(service_queue(service));
                topology.bindings.extend(bindings);
            }
        }
        topology
    }
}

fn exchanges() -> Vec<Exchange> {
    vec![
        Exchange { name: UNROUTED_EXCHANGE, kind: ExchangeKind::Fanout, arguments: Vec::new() },
        Exchange { name: DEAD_LETTER_EXCHANGE, kind: ExchangeKind::Fanout, arguments: Vec::new() },
        Exchange {
            name: EXCHANGE,
            kind: ExchangeKind::Topic,
            arguments: vec![("alternate-exchange", Argument::Text(UNROUTED_EXCHANGE))],
        },
    ]
}

fn dead_letter_queue() -> Queue {
    Queue { name: DEAD_LETTER_QUEUE.to_owned(), arguments: vec![("x-queue-type", Argument::Text("quorum"))] }
}

fn service_queue(service: Service) -> Queue {
    Queue {
        name: queue_name(service),
        arguments: vec![
            ("x-queue-type", Argument::Text("quorum")),
            // One replica at a time consumes, so events of one aggregate stay in order however many replicas run.
            ("x-single-active-consumer", Argument::Flag(true)),
            ("x-dead-letter-exchange", Argument::Text(DEAD_LETTER_EXCHANGE)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_of_the_catalogue_has_exactly_one_binding() {
        let topology = Topology::of_catalogue();
        let bound: Vec<_> = topology
            .bindings
            .iter()
            .filter(|binding| binding.exchange == EXCHANGE)
            .map(|binding| (binding.queue.clone(), binding.routing_key))
            .collect();
        let routed: BTreeSet<_> = catalogue::ENTRIES
            .iter()
            .flat_map(|entry| entry.consumers.iter().map(|&consumer| (queue_name(consumer), entry.event_type)))
            .collect();
        assert_eq!(bound.len(), routed.len());
        assert_eq!(bound.into_iter().collect::<BTreeSet<_>>(), routed);
    }

    #[test]
    fn bindings_and_arguments_name_only_what_is_declared() {
        let topology = Topology::of_catalogue();
        let exchanges: BTreeSet<_> = topology.exchanges.iter().map(|exchange| exchange.name).collect();
        let queues: BTreeSet<_> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
        for binding in &topology.bindings {
            assert!(exchanges.contains(binding.exchange), "{binding:?}");
            assert!(queues.contains(binding.queue.as_str()), "{binding:?}");
        }
        let arguments = topology.exchanges.iter().map(|exchange| &exchange.arguments);
        for (name, value) in arguments.chain(topology.queues.iter().map(|queue| &queue.arguments)).flatten() {
            if let (true, Argument::Text(exchange)) = (name.ends_with("exchange"), value) {
                assert!(exchanges.contains(exchange), "{name} names {exchange}");
            }
        }
    }

    #[test]
    fn services_that_consume_nothing_have_no_queue() {
        let topology = Topology::of_catalogue();
        for service in Service::ALL {
            let has_queue = topology.queues.iter().any(|queue| queue.name == queue_name(service));
            assert_eq!(has_queue, catalogue::consumed_by(service).next().is_some(), "{service}");
        }
    }

    #[test]
    fn a_service_queue_is_replicated_ordered_and_loses_nothing() {
        let queues = Topology::of_catalogue().queues;
        let queue = queues.iter().find(|queue| queue.name == "bookly.availability").unwrap();
        assert!(queue.arguments.contains(&("x-queue-type", Argument::Text("quorum"))));
        assert!(queue.arguments.contains(&("x-single-active-consumer", Argument::Flag(true))));
        assert!(queue.arguments.contains(&("x-dead-letter-exchange", Argument::Text("bookly.dead-letters"))));
    }
}
