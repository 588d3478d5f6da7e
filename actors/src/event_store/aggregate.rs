//! Aggregates: state that is the fold of its events.

use amqp::Envelope;
use amqp::Event;
use amqp::Service;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// A history that cannot be folded: an event that does not belong to the aggregate, or one out of place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {version} cannot be applied: {reason}")]
pub struct Unfoldable {
    /// The version of the event that does not fit.
    pub version: i64,
    /// What is wrong with it.
    pub reason: String,
}

/// State with an identity, changed only by events.
pub trait Aggregate: Sized + Clone + PartialEq + std::fmt::Debug {
    /// The events that change it.
    type Event: AggregateEvent;

    /// The state after `event`, which happened `at` and gives the aggregate `version`. Pure: [`fold`] and the commands
    /// both go through it, so the stored row is what its history says.
    ///
    /// # Errors
    /// A text saying why the event does not fit `state`.
    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &Self::Event) -> Result<Self, String>;

    /// The version after the last event; the first is 1.
    fn version(&self) -> i64;
}

/// One of the events of an aggregate. Written by [`aggregate_events!`].
pub trait AggregateEvent: Sized {
    /// The event's type on the wire.
    fn event_type(&self) -> &'static str;
    /// The service that raises it.
    fn producer(&self) -> Service;
    /// The aggregate's type on the wire.
    fn aggregate_type(&self) -> &'static str;
    /// The aggregate's identifier.
    fn aggregate_id(&self) -> Uuid;
    /// The payload.
    fn data(&self) -> Value;
    /// Reads the event back from its envelope.
    ///
    /// # Errors
    /// A text saying why the envelope holds no event of this aggregate.
    fn decode(envelope: &Envelope) -> Result<Self, String>;
}

/// The state that a whole history gives; `None` for an empty one.
///
/// # Errors
/// [`Unfoldable`] when an event is missing, out of order or of another aggregate.
pub fn fold<A: Aggregate>(history: &[Envelope]) -> Result<Option<A>, Unfoldable> {
    let mut state: Option<A> = None;
    for (expected, envelope) in (1..).zip(history) {
        let unfoldable = |reason| Unfoldable { version: envelope.version, reason };
        if envelope.version != expected {
            return Err(unfoldable(format!("version {expected} was expected")));
        }
        let event = A::Event::decode(envelope).map_err(unfoldable)?;
        let next = A::apply(state.take(), envelope.version, envelope.timestamp, &event).map_err(unfoldable)?;
        state = Some(next);
    }
    Ok(state)
}

/// Payload to JSON; our own payload types always can be.
pub(crate) fn to_data<E: Event>(payload: &E) -> Value {
    serde_json::to_value(payload).unwrap_or(Value::Null)
}

/// Declares the enum of an aggregate's events from their payload types.
macro_rules! aggregate_events {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident($payload:ty)),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant($payload),)+
        }

        $(impl From<$payload> for $name {
            fn from(payload: $payload) -> Self {
                Self::$variant(payload)
            }
        })+

        impl $crate::event_store::AggregateEvent for $name {
            fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$payload as amqp::Event>::TYPE,)+
                }
            }

            fn producer(&self) -> amqp::Service {
                match self {
                    $(Self::$variant(_) => <$payload as amqp::Event>::PRODUCER,)+
                }
            }

            fn aggregate_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(payload) => amqp::Event::aggregate_type(payload),)+
                }
            }

            fn aggregate_id(&self) -> uuid::Uuid {
                match self {
                    $(Self::$variant(payload) => amqp::Event::aggregate_id(payload),)+
                }
            }

            fn data(&self) -> serde_json::Value {
                match self {
                    $(Self::$variant(payload) => $crate::event_store::to_data(payload),)+
                }
            }

            fn decode(envelope: &amqp::envelope::Envelope) -> Result<Self, String> {
                $(if envelope.event_type == <$payload as amqp::Event>::TYPE {
                    return envelope.data_as::<$payload>().map(Self::$variant).map_err(|error| error.to_string());
                })+
                Err(format!("{} is no event of this aggregate", envelope.event_type))
            }
        }
    };
}
pub(crate) use aggregate_events;
