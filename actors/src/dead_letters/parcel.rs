//! What is parked, and what is tried again.

use amqp::Envelope;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::attempts::AttemptRecord;
use super::model::{By, Reason};

/// Which event a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// The aggregate that it happened to.
    pub aggregate_id: Uuid,
    /// The aggregate's version after it.
    pub version: i64,
}

impl EventRef {
    /// The event in an envelope.
    pub fn of(envelope: &Envelope) -> Self {
        Self {
            event_id: envelope.event_id,
            event_type: envelope.event_type.clone(),
            aggregate_id: envelope.aggregate_id,
            version: envelope.version,
        }
    }
}

/// A message that is to be parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Who could not handle it: a service's name, [`RELAY`](super::RELAY) or [`UNROUTED`](super::UNROUTED).
    pub consumer: String,
    /// The event, as far as the message could be read.
    pub event: Option<EventRef>,
    /// What is known of its type when the event is not: the routing key.
    pub label: Option<String>,
    /// The message as it came.
    pub bytes: Vec<u8>,
    /// Why it is parked.
    pub reason: Reason,
    /// What the last attempt failed with.
    pub error: String,
    /// The failed attempts so far.
    pub attempts: Vec<AttemptRecord>,
    /// How many there were, which may be more than are told of.
    pub failures: u32,
    /// When it is tried again; `None` when an operator has to decide.
    pub due_at: Option<DateTime<Utc>>,
}

impl Parcel {
    /// The type that it is shown and grouped under.
    pub fn event_type(&self) -> Option<&str> {
        self.event.as_ref().map(|event| event.event_type.as_str()).or(self.label.as_deref())
    }

    /// Whether later events of its aggregate wait for it.
    pub fn is_ordered(&self) -> bool {
        self.event.is_some() && self.reason.is_ordered()
    }
}

/// A dead letter that is being tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The dead letter.
    pub id: Uuid,
    /// Who is to handle it.
    pub consumer: String,
    /// The event, as far as the message could be read.
    pub event: Option<EventRef>,
    /// What it is shown under: the event's type, or the routing key.
    pub event_type: Option<String>,
    /// What is to be handled: the edited envelope if there is one, else the message as it came.
    pub envelope: Vec<u8>,
    /// Why it is a dead letter.
    pub reason: Reason,
    /// How often it has failed.
    pub failures: u32,
    /// Who set this attempt off.
    pub by: By,
}
