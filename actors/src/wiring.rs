//! The catalogue's rows and the services' reactions, joined: a row whose consumer has no reaction does not compile.

use std::sync::Arc;

use actix::Message;
use amqp::{Envelope, Event, Service, events};
use uuid::Uuid;

use crate::availability::Availability;
use crate::database::{self, Transaction};
use crate::event_store::Origin;
use crate::reports::Reports;
use crate::supervision::{Address, CallError};

/// A service's reaction to an event: its effect and its inbox row are one transaction.
pub trait Reacts<E: Event> {
    /// Brings the service's state in line with `event`, the payload of `envelope`.
    ///
    /// # Errors
    /// [`HandlingError`]; the transaction is rolled back and the event comes again.
    fn react(
        transaction: &mut Transaction<'_>,
        origin: &Origin,
        envelope: &Envelope,
        event: E,
    ) -> Result<(), HandlingError>;
}

/// An event for a service's actor.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Handled, HandlingError>")]
pub struct Deliver {
    /// The event.
    pub event: Arc<Envelope>,
    /// The message that carried it, as received; `None` when it never left the process.
    pub bytes: Option<Arc<[u8]>>,
    /// How it comes here.
    pub course: Course,
}

/// How an event comes to its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Straight from the road.
    Fresh,
    /// From the road, but it may have killed a process: its handling is noted as an execution.
    Suspect,
    /// From the dead letters: this one.
    Replayed(Uuid),
}

/// What handling an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It changed the service's state.
    Now,
    /// It was handled before and changed nothing.
    Before,
    /// It was parked as a dead letter: behind an earlier one of its aggregate, or because it cannot be true.
    Parked,
}

/// Why a service could not handle an event.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HandlingError {
    /// The event cannot be read, or its consumer does not know its type: trying again is no use.
    #[error("unreadable event: {0}")]
    Unreadable(String),
    /// The event does not fit the service's state.
    #[error("{0}")]
    Refused(String),
    /// These earlier events of its aggregate have not reached the service and come first.
    #[error("{} earlier events of its aggregate come first", .0.len())]
    Early(Vec<Envelope>),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

/// The services' actors that consume events.
#[derive(Clone)]
pub struct Consumers {
    /// The availability service.
    pub availability: Address<Availability>,
    /// The reports service.
    pub reports: Address<Reports>,
}

impl Consumers {
    /// The services that consume events.
    pub fn services(&self) -> [Service; 2] {
        [Service::Availability, Service::Reports]
    }

    /// Sends an event to the actor of `service`.
    pub(crate) async fn deliver(
        &self,
        service: Service,
        event: Deliver,
    ) -> Result<Result<Handled, HandlingError>, CallError> {
        match service {
            Service::Availability => self.availability.send(event).await,
            Service::Reports => self.reports.send(event).await,
            Service::Auth | Service::Resources | Service::Stockpile => {
                Ok(Err(HandlingError::Unreadable(format!("{service} consumes no events"))))
            }
        }
    }
}

/// Calls the reaction of `service` to an event.
pub(crate) fn react(
    service: Service,
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    envelope: &Envelope,
) -> Result<(), HandlingError> {
    macro_rules! routes {
        ($(($event_type:literal, $Event:ident, $Consumer:ident))*) => {
            match (service, envelope.event_type.as_str()) {
                $((Service::$Consumer, $event_type) => {
                    let event = envelope
                        .data_as::<events::$Event>()
                        .map_err(|error| HandlingError::Unreadable(error.to_string()))?;
                    <$Consumer as Reacts<events::$Event>>::react(transaction, origin, envelope, event)
                })*
                _ => Err(HandlingError::Unreadable(format!("{service} has no reaction to {}", envelope.event_type))),
            }
        };
    }
    amqp::for_each_route!(routes)
}
