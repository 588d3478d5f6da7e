//! The catalogue's rows and the services' reactions, joined: a row whose consumer has no reaction does not compile.

use std::sync::Arc;

use actix::{Message, ResponseFuture};
use amqp::{Envelope, Event, Service, events};

use crate::availability::Availability;
use crate::clock::Clock;
use crate::database::{self, Database, Transaction};
use crate::event_store::{Origin, inbox};
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
pub struct Deliver(pub Arc<Envelope>);

/// What handling an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It changed the service's state.
    Now,
    /// It was handled before and changed nothing.
    Before,
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
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl HandlingError {
    /// Whether the same event may be handled a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreadable(_) => false,
            Self::Refused(_) | Self::Storage(_) => true,
        }
    }
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
        event: Arc<Envelope>,
    ) -> Result<Result<Handled, HandlingError>, CallError> {
        match service {
            Service::Availability => self.availability.send(Deliver(event)).await,
            Service::Reports => self.reports.send(Deliver(event)).await,
            Service::Auth | Service::Resources | Service::Stockpile => {
                Ok(Err(HandlingError::Unreadable(format!("{service} consumes no events"))))
            }
        }
    }
}

/// What every consumer does with a delivered event: inbox, reaction, commit.
pub(crate) fn handle(
    database: &Database,
    clock: &Clock,
    service: Service,
    Deliver(event): Deliver,
) -> ResponseFuture<Result<Handled, HandlingError>> {
    let (database, clock) = (database.clone(), clock.clone());
    Box::pin(async move {
        database
            .write(move |transaction| {
                let origin = Origin::reaction(&clock, &event);
                if !inbox::claim(transaction, service.name(), event.event_id, origin.now)? {
                    return Ok(Handled::Before);
                }
                react(service, transaction, &origin, &event)?;
                Ok(Handled::Now)
            })
            .await
    })
}

fn react(
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
