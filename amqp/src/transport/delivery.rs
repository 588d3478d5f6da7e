//! What a consumer receives, and how it settles it.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::rabbitmq;
use crate::envelope::Envelope;
use crate::response::ResponseEnvelope;
use crate::service::Service;

/// Where deliveries come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The events that the catalogue routes to a service.
    Service(Service),
    /// What the broker itself set aside: the safety net under the services' queues.
    DeadLetters,
    /// What no queue was bound for.
    Unrouted,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service(service) => service.fmt(f),
            Self::DeadLetters => f.write_str("dead-letters"),
            Self::Unrouted => f.write_str("unrouted"),
        }
    }
}

/// What was delivered.
#[derive(Debug, Clone)]
pub enum Content {
    /// An event. Its payload has not been looked at.
    Event(Arc<Envelope>),
    /// Something that is no envelope.
    Unreadable {
        /// Why not.
        reason: String,
        /// The event type that it was labelled with, if any: the `type` property, else the routing key.
        label: Option<String>,
    },
}

/// Why the broker set a message aside: the newest entry of its `x-death` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The queue it was in.
    pub queue: String,
    /// The broker's word: `rejected`, `expired`, `maxlen`, `delivery_limit`.
    pub reason: String,
    /// How often that has happened to it.
    pub count: u64,
}

/// A message in the hands of a consumer, who must settle it. Dropping it, as a panic does, counts as a rejection.
#[derive(Debug)]
#[must_use = "a delivery that is dropped counts as unhandled"]
pub struct Delivery {
    pub(super) source: Source,
    pub(super) content: Content,
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) redelivered: bool,
    pub(super) death: Option<Death>,
    pub(super) receipt: Receipt,
}

/// The way back to whoever delivered.
#[derive(Debug)]
pub(super) enum Receipt {
    InProcess(oneshot::Sender<Result<(), String>>),
    RabbitMq(rabbitmq::Receipt),
}

impl Delivery {
    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// What was delivered.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The message as it was received; for an event that never left the process, as it would travel.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match (&self.bytes, &self.content) {
            (Some(bytes), _) => Cow::Borrowed(bytes),
            (None, Content::Event(envelope)) => Cow::Owned(serde_json::to_vec(envelope.as_ref()).unwrap_or_default()),
            (None, Content::Unreadable { .. }) => Cow::Borrowed(&[]),
        }
    }

    /// The message as it was received; `None` for an event that never left the process.
    pub fn received(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// Whether it may have been handed out before, to a consumer that is gone: a connection was lost, or a process
    /// died, perhaps of this very message.
    pub fn redelivered(&self) -> bool {
        self.redelivered
    }

    /// Why the broker set it aside; only for deliveries from [`Source::DeadLetters`].
    pub fn death(&self) -> Option<&Death> {
        self.death.as_ref()
    }

    /// Whether its sender asked for an answer (`reply_to`).
    pub fn wants_answer(&self) -> bool {
        matches!(&self.receipt, Receipt::RabbitMq(receipt) if receipt.wants_answer())
    }

    /// Answers its sender, if that asked for it. Best effort: a sender that is gone gets no answer.
    pub fn answer(&self, response: &ResponseEnvelope) {
        if let Receipt::RabbitMq(receipt) = &self.receipt {
            receipt.answer(response);
        }
    }

    /// The message is handled: its effect is committed, or it is parked as a dead letter.
    pub fn ack(self) {
        match self.receipt {
            // The publisher may have given up waiting; it will publish again, and the consumer's inbox knows the event.
            Receipt::InProcess(outcome) => drop(outcome.send(Ok(()))),
            Receipt::RabbitMq(receipt) => receipt.ack(),
        }
    }

    /// The message could not be handled here; whoever sent it keeps it and delivers it again.
    pub fn reject(self, reason: String) {
        match self.receipt {
            Receipt::InProcess(outcome) => drop(outcome.send(Err(reason))),
            Receipt::RabbitMq(receipt) => receipt.reject(&reason),
        }
    }
}
