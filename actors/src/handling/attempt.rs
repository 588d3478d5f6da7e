//! One attempt at an event, and what it says about the event.

use amqp::{Envelope, Service};

use super::Handling;
use crate::database;
use crate::supervision::CallError;
use crate::wiring::{Deliver, Handled, HandlingError};

/// How an attempt ended.
pub(super) enum Attempt {
    /// The event is settled.
    Settled(Handled),
    /// These come first.
    Early(Vec<Envelope>),
    /// The service had no time or is being restarted: not the event's fault.
    Later,
    /// The database was away, and answers again: not the event's fault either.
    Interrupted,
    /// The event failed.
    Failed(String),
    /// The event can never be handled.
    Unreadable(String),
}

impl Handling {
    pub(super) async fn attempt(&self, service: Service, delivered: Deliver) -> Attempt {
        match self.0.consumers.deliver(service, delivered).await {
            Ok(Ok(handled)) => Attempt::Settled(handled),
            Ok(Err(HandlingError::Early(missing))) => Attempt::Early(missing),
            Ok(Err(HandlingError::Unreadable(reason))) => Attempt::Unreadable(reason),
            Ok(Err(HandlingError::Storage(error))) => self.after(&error).await,
            Ok(Err(error @ HandlingError::Refused(_))) => Attempt::Failed(error.to_string()),
            Err(CallError::Overloaded { .. } | CallError::Stopped { .. }) => Attempt::Later,
            Err(error @ (CallError::Panicked { .. } | CallError::TimedOut { .. })) => {
                Attempt::Failed(error.to_string())
            }
        }
    }

    /// A database that is away is waited for. One that answers has refused this event only, for example because its
    /// statement took too long.
    async fn after(&self, error: &database::Error) -> Attempt {
        if error.is_transient() && self.0.breaker.wait_for(&self.0.campus.database).await {
            return Attempt::Interrupted;
        }
        Attempt::Failed(error.to_string())
    }
}
