//! How events travel: publishing and subscribing, with the same face on every road.
//!
//! [`Transport::publish`] resolves when the event is *confirmed*, that is, when the road answers for it: the in-process
//! road answers only for what every consumer has handled, a broker for what it has written to disk. Until then the
//! publisher keeps the event in its outbox and publishes it again after a failure, so delivery is at least once and
//! consumers tell repeats apart by event id.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::Either;

use crate::envelope::Envelope;
use crate::service::Service;

mod delivery;
mod in_process;
pub mod rabbitmq;

pub use delivery::{Content, Death, Delivery, Source};
pub use in_process::{DEFAULT_CAPACITY, InProcess};
pub use rabbitmq::RabbitMq;

/// A road for events. Clones share it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Transport {
    /// Within this process.
    InProcess(InProcess),
    /// Over a RabbitMQ broker.
    RabbitMq(RabbitMq),
}

impl Transport {
    /// A road within this process, whose consumers are `services`.
    pub fn in_process(services: &[Service]) -> Self {
        Self::InProcess(InProcess::new(services))
    }

    /// A road over a broker.
    pub fn rabbitmq(options: rabbitmq::Options) -> Self {
        Self::RabbitMq(RabbitMq::new(options))
    }

    /// Does the road's own work, such as keeping its connections up. Events travel only while somebody polls this; it
    /// ends only when the road cannot go on, and says why. On a later call it begins anew.
    pub async fn drive(&self) -> String {
        match self {
            Self::InProcess(_) => std::future::pending().await,
            Self::RabbitMq(road) => road.drive().await,
        }
    }

    /// How well the road works at this moment.
    pub fn condition(&self) -> Condition {
        match self {
            Self::InProcess(_) => Condition::default(),
            Self::RabbitMq(road) => road.condition(),
        }
    }

    /// Waits until publishing has a chance: the broker is connected and takes messages.
    pub async fn available(&self) {
        match self {
            Self::InProcess(_) => {}
            Self::RabbitMq(road) => road.available().await,
        }
    }

    /// Publishes an event; the future resolves once it is confirmed. `repeated` says that an earlier attempt may have
    /// reached a consumer.
    ///
    /// On the in-process road the event takes its place in every consumer's line when this is *called*, so each
    /// consumer meets events in the order of the calls, whatever the order in which the futures are polled. On every
    /// road, of events that belong together the later one is to be published after the earlier one is confirmed. A
    /// future that is dropped leaves it open whether the event travels.
    ///
    /// # Errors
    /// The event is not confirmed and must be published again, save when the error blames the event
    /// ([`PublishError::blames_event`]).
    pub fn publish(
        &self,
        envelope: Arc<Envelope>,
        repeated: bool,
    ) -> impl Future<Output = Result<(), PublishError>> + Send + use<> {
        match self {
            Self::InProcess(road) => Either::Left(road.publish(envelope, repeated)),
            Self::RabbitMq(road) => Either::Right(road.publish(&envelope)),
        }
    }

    /// Subscribes to what `source` delivers.
    ///
    /// A source has one subscription at a time in a process: a second one, as after a restart of the consumer, ends
    /// the first, whose unsettled deliveries count as unhandled. The in-process road delivers to services only.
    pub fn subscribe(&self, source: Source) -> Subscription {
        Subscription(match self {
            Self::InProcess(road) => Stream::InProcess(road.subscribe(source)),
            Self::RabbitMq(road) => Stream::RabbitMq(road.subscribe(source)),
        })
    }
}

/// A stream of deliveries.
#[derive(Debug)]
pub struct Subscription(Stream);

#[derive(Debug)]
enum Stream {
    InProcess(in_process::Subscription),
    RabbitMq(rabbitmq::Subscription),
}

impl Subscription {
    /// Waits for the next delivery. `None` when the subscription has ended, for example because a newer one has
    /// replaced it; a lost connection does not end it.
    ///
    /// Cancel safe: nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Delivery> {
        match &mut self.0 {
            Stream::InProcess(stream) => stream.next().await,
            Stream::RabbitMq(stream) => stream.next().await,
        }
    }
}

/// How well a road works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Why it works less well than it should, one sentence a trouble, each with what to do where somebody can do
    /// something; empty when all is well.
    pub troubles: Vec<String>,
    /// Figures for people, such as `12 unconfirmed, window 400`.
    pub figures: Option<String>,
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
    /// The event cannot be written, so publishing it again will not help.
    #[error("{0}")]
    Unwritable(String),
    /// The broker refused this event (a negative confirm).
    #[error("the broker refused the event")]
    Refused,
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
    /// No queue took the event: the broker's topology is incomplete, which the road is about to mend.
    #[error("the broker has no queue for this event")]
    Unroutable,
    /// The broker cannot be reached, takes no messages, or did not confirm in time.
    #[error("the broker is not available: {0}")]
    Unavailable(String),
}

impl PublishError {
    /// Whether the event itself is to blame, so that trying it again uses up its attempts; otherwise the road is, and
    /// the event is published again for as long as it takes.
    pub fn blames_event(&self) -> bool {
        matches!(self, Self::UnknownType { .. } | Self::Unwritable(_) | Self::Refused)
    }
}
