//! What must exist on the broker, as plain data derived from the catalogue.
//!
//! Events go to one topic exchange with their type as routing key. Each consuming service has one queue, bound to the
//! types that the catalogue routes to it. Any other program may bind a queue of its own to [`EXCHANGE`].
//!
//! Two more queues lose nothing of what goes astray: [`UNROUTED_QUEUE`] takes what no queue is bound for, and
//! [`DEAD_LETTER_QUEUE`] what the broker itself sets aside. [`compare`] says how a broker differs from all this.

use serde::{Serialize, Serializer};

use crate::catalogue;
use crate::service::Service;

mod comparing;
mod difference;
mod live;

pub use comparing::compare;
pub(crate) use comparing::stale_bindings;
pub use difference::{Difference, Problem, Subject};
pub use live::{Live, LiveBinding, LiveExchange, LiveQueue};

/// The topic exchange that every event is published to.
pub const EXCHANGE: &str = "bookly.events";

/// Where messages go that no queue is bound for (<https://www.rabbitmq.com/docs/ae>).
pub const UNROUTED_EXCHANGE: &str = "bookly.unrouted";

/// The queue that collects them, so that neither an unknown type nor a binding that is missing loses anything.
pub const UNROUTED_QUEUE: &str = "bookly.unrouted";

/// Where messages go that a consumer could not handle.
pub const DEAD_LETTER_EXCHANGE: &str = "bookly.dead-letters";

/// The queue that collects them.
pub const DEAD_LETTER_QUEUE: &str = "bookly.dead-letters";

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeKind {
    /// By matching routing keys.
    Topic,
    /// To every bound queue.
    Fanout,
}

impl ExchangeKind {
    /// The broker's word for it: `topic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Fanout => "fanout",
        }
    }
}

/// An exchange to declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Its name.
    pub name: &'static str,
    /// How it routes.
    pub kind: ExchangeKind,
    /// Its arguments.
    #[serde(serialize_with = "as_object")]
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A queue to declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its arguments.
    #[serde(serialize_with = "as_object")]
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A binding to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The exchange the messages come from.
    pub exchange: &'static str,
    /// The queue they go to.
    pub queue: String,
    /// Which of them; empty for a fanout exchange.
    pub routing_key: &'static str,
}

/// The value of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Flag(bool),
}

fn as_object<S: Serializer>(arguments: &[(&'static str, Argument)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(arguments.iter().copied())
}

/// Everything that must exist, in an order in which it can be declared. All of it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        let mut topology = Self { exchanges: exchanges(), queues: Vec::new(), bindings: Vec::new() };
        for (exchange, queue) in [(DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE), (UNROUTED_EXCHANGE, UNROUTED_QUEUE)] {
            topology.queues.push(collecting_queue(queue));
            topology.bindings.push(Binding { exchange, queue: queue.to_owned(), routing_key: "" });
        }
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

    /// The services whose events are gone when the queue with this name is: its own service, or, for the queues that
    /// collect what went astray, every service that consumes anything.
    pub fn services_behind(&self, queue: &str) -> Vec<Service> {
        let consumers = Service::ALL.into_iter().filter(|&service| self.queue(&queue_name(service)).is_some());
        let own = Service::ALL.into_iter().find(|&service| queue_name(service) == queue);
        consumers.filter(|&service| own.is_none_or(|own| own == service)).collect()
    }

    fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.name == name)
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

fn collecting_queue(name: &str) -> Queue {
    Queue { name: name.to_owned(), arguments: vec![("x-queue-type", Argument::Text("quorum"))] }
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
mod tests;
