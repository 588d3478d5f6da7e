//! How events travel: publishing and subscribing, with the same face on every road.
//!
//! [`Transport::publish`] resolves when the event is *confirmed*, that is, when the road answers for it: the in-process
//! road answers only for what every consumer has handled. Until then the publisher keeps the event in its outbox and
//! publishes it again after a failure, so delivery is at least once and consumers tell repeats apart by event id.

use std::future::Future;
use std::sync::Arc;

use crate::envelope::Envelope;
use crate::service::Service;

mod in_process;

pub use in_process::{DEFAULT_CAPACITY, Delivery, InProcess, Subscription};

/// A road for events. Clones share it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Transport {
    /// Within this process.
    InProcess(InProcess),
}

impl Transport {
    /// A road within this process, whose consumers are `services`.
    pub fn in_process(services: &[Service]) -> Self {
        Self::InProcess(InProcess::new(services))
    }

    /// Publishes an event; the future resolves once it is confirmed.
    ///
    /// The event takes its place in every consumer's line when this is *called*, so each consumer meets events in the
    /// order of the calls, whatever the order in which the futures are polled. A future that is dropped while its
    /// event still waits for room withdraws the event; dropped later, the event is handled, but nobody learns of it.
    ///
    /// # Errors
    /// The event is not confirmed and must be published again, save for [`PublishError::UnknownType`].
    pub fn publish(&self, envelope: Arc<Envelope>) -> impl Future<Output = Result<(), PublishError>> + Send + use<> {
        match self {
            Self::InProcess(road) => road.publish(envelope),
        }
    }

    /// Subscribes a service to the events that the catalogue routes to it.
    ///
    /// A service has one subscription at a time: a second one, as after a restart of the consumer, ends the first,
    /// whose undelivered events count as unhandled.
    pub fn subscribe(&self, service: Service) -> Subscription {
        match self {
            Self::InProcess(road) => road.subscribe(service),
        }
    }
}

/// Why an event is not confirmed. When several consumers failed, the first one in the catalogue's order is named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The catalogue has no row for this event type, so publishing it again will not help.
    #[error("the catalogue has no event \"{event_type}\"; add a row for it")]
    UnknownType {
        /// The event's type.
        event_type: String,
    },
    /// The catalogue names a consumer that is not subscribed here and now.
    #[error("{consumer} consumes this event and is not subscribed")]
    NoConsumer {
        /// The consumer that is missing.
        consumer: Service,
    },
    /// A consumer received the event and did not handle it.
    #[error("{consumer} did not handle the event: {reason}")]
    Unhandled {
        /// The consumer that failed.
        consumer: Service,
        /// Why.
        reason: String,
    },
}
