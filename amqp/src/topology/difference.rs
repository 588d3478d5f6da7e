//! One thing that is not as it must be, in words.

use std::fmt;

use serde::Serialize;

use super::Topology;
use super::live::LiveBinding;

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Subject {
    /// An exchange.
    Exchange {
        /// Its name.
        name: String,
    },
    /// A queue.
    Queue {
        /// Its name.
        name: String,
    },
    /// A binding.
    Binding {
        /// The exchange.
        exchange: String,
        /// The queue.
        queue: String,
        /// The routing key.
        routing_key: String,
    },
}

impl Subject {
    /// A binding.
    pub fn of_binding(exchange: &str, queue: &str, routing_key: &str) -> Self {
        let (exchange, queue, routing_key) = (exchange.to_owned(), queue.to_owned(), routing_key.to_owned());
        Self::Binding { exchange, queue, routing_key }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange { name } => write!(f, "exchange \"{name}\""),
            Self::Queue { name } => write!(f, "queue \"{name}\""),
            Self::Binding { exchange, queue, routing_key } if routing_key.is_empty() => {
                write!(f, "binding of queue \"{queue}\" to \"{exchange}\"")
            }
            Self::Binding { exchange, queue, routing_key } => {
                write!(f, "binding of queue \"{queue}\" to \"{exchange}\" for \"{routing_key}\"")
            }
        }
    }
}

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is there and is another thing; only making it anew helps.
    Wrong,
    /// It is there and should not be: events are delivered that nobody handles.
    Stale,
    /// A policy of the broker changes it.
    Policy,
    /// It is there and out of reach.
    Unusable,
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// Its kind.
    pub problem: Problem,
    /// What differs, in words.
    pub text: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.subject, self.text, self.mend)
    }
}

impl Difference {
    /// A queue that is another one than it must be.
    pub(crate) fn wrong_queue(name: &str, text: String) -> Self {
        let mend = format!(
            "stop what publishes to it, let it drain, delete it (`rabbitmqctl delete_queue {name}`, or \
             `bookly topology apply --recreate`, which does it when the queue is empty), and it is made anew"
        );
        Self { subject: Subject::Queue { name: name.to_owned() }, problem: Problem::Wrong, text, mend }
    }

    /// A queue that is there and cannot be used now.
    pub(crate) fn unusable_queue(name: &str, said: &str) -> Self {
        Self {
            subject: Subject::Queue { name: name.to_owned() },
            problem: Problem::Unusable,
            text: format!("cannot be used: the broker says {said}"),
            mend: "start the node of the broker that holds it; what is in it is safe".to_owned(),
        }
    }

    /// An exchange that is another one than it must be.
    pub(crate) fn wrong_exchange(name: &str, text: String) -> Self {
        let mend = "delete it (`bookly topology apply --recreate`, or the management pages), and it is made anew with \
                    Bookly's bindings; other programs must bind their queues to it again"
            .to_owned();
        Self { subject: Subject::Exchange { name: name.to_owned() }, problem: Problem::Wrong, text, mend }
    }

    /// An exchange that is not there.
    pub(crate) fn missing_exchange(name: &str) -> Self {
        Self::missing(Subject::Exchange { name: name.to_owned() })
    }

    /// A queue that is not there.
    pub(crate) fn missing_queue(name: &str) -> Self {
        Self::missing(Subject::Queue { name: name.to_owned() })
    }

    pub(super) fn missing(subject: Subject) -> Self {
        let mend = "`bookly topology apply` makes it, and so does a running server".to_owned();
        Self { subject, problem: Problem::Missing, text: "is missing".to_owned(), mend }
    }

    pub(super) fn stale(topology: &Topology, binding: &LiveBinding) -> Self {
        let ours = topology.exchanges.iter().any(|exchange| exchange.name == binding.source);
        let (text, mend) = if ours {
            (
                "is not in the catalogue: messages are delivered that nobody handles",
                "`bookly topology apply` unbinds it",
            )
        } else {
            ("comes from an exchange that is not Bookly's", "publish to Bookly's own exchange instead, and unbind it")
        };
        Self {
            subject: Subject::of_binding(&binding.source, &binding.destination, &binding.routing_key),
            problem: Problem::Stale,
            text: text.to_owned(),
            mend: mend.to_owned(),
        }
    }
}
