//! The catalogue's rows and the services' reactions, joined: a row whose consumer has no reaction does not compile.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::Message;
use amqp::{Envelope, Event, Service, events};
use uuid::Uuid;

use crate::availability::Availability;
use crate::clock::Clock;
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

    /// The same for events of different aggregates, in one transaction. Worth writing where one statement can do for all
    /// of them what [`Reacts::react`] does for one.
    ///
    /// # Errors
    /// As [`Reacts::react`].
    fn react_to_all(
        transaction: &mut Transaction<'_>,
        occurrences: Vec<Occurrence<'_, E>>,
    ) -> Result<(), HandlingError> {
        occurrences
            .into_iter()
            .try_for_each(|Occurrence { origin, envelope, event }| Self::react(transaction, &origin, envelope, event))
    }
}

/// An event that a service reacts to together with others.
#[derive(Debug)]
pub struct Occurrence<'a, E> {
    /// What the effect carries on.
    pub origin: Origin,
    /// The event's envelope.
    pub envelope: &'a Envelope,
    /// Its payload.
    pub event: E,
}

/// How a service takes in events.
pub trait Consumes {
    /// Whether events of different aggregates that are ready at the same time share a transaction, as a batch. For
    /// services whose reactions take no locks: a batch would hold those of all its events until it ends, in the order in
    /// which they came, while commands wait for them or hold some themselves.
    const IN_BATCHES: bool;
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

/// Events of different aggregates for a service's actor, to be handled in one transaction. Answered with whether each was
/// handled, now or before; the others are not next, and nothing was done about them.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<bool>, HandlingError>")]
pub struct DeliverBatch {
    /// The events.
    pub events: Vec<Arc<Envelope>>,
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

    /// Whether `service` takes in events in batches.
    pub(crate) fn in_batches(&self, service: Service) -> bool {
        match service {
            Service::Availability => Availability::IN_BATCHES,
            Service::Reports => Reports::IN_BATCHES,
            Service::Auth | Service::Resources | Service::Stockpile => false,
        }
    }

    /// Sends events to the actor of `service`.
    pub(crate) async fn deliver_batch(
        &self,
        service: Service,
        batch: DeliverBatch,
    ) -> Result<Result<Vec<bool>, HandlingError>, CallError> {
        match service {
            Service::Availability => self.availability.send(batch).await,
            Service::Reports => self.reports.send(batch).await,
            Service::Auth | Service::Resources | Service::Stockpile => {
                Ok(Err(HandlingError::Unreadable(format!("{service} consumes no events"))))
            }
        }
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

/// Calls the reactions of `service` to events of different aggregates, those of one type together.
pub(crate) fn react_to_all(
    service: Service,
    transaction: &mut Transaction<'_>,
    clock: &Clock,
    envelopes: &[&Envelope],
) -> Result<(), HandlingError> {
    let mut by_type: BTreeMap<&str, Vec<&Envelope>> = BTreeMap::new();
    for envelope in envelopes {
        by_type.entry(&envelope.event_type).or_default().push(envelope);
    }
    by_type
        .into_iter()
        .try_for_each(|(event_type, envelopes)| react_to_type(service, event_type, transaction, clock, envelopes))
}

fn react_to_type(
    service: Service,
    event_type: &str,
    transaction: &mut Transaction<'_>,
    clock: &Clock,
    envelopes: Vec<&Envelope>,
) -> Result<(), HandlingError> {
    macro_rules! routes {
        ($(($event_type:literal, $Event:ident, $Consumer:ident))*) => {
            match (service, event_type) {
                $((Service::$Consumer, $event_type) => {
                    let occurrences = occurrences(clock, envelopes)?;
                    <$Consumer as Reacts<events::$Event>>::react_to_all(transaction, occurrences)
                })*
                _ => Err(HandlingError::Unreadable(format!("{service} has no reaction to {event_type}"))),
            }
        };
    }
    amqp::for_each_route!(routes)
}

fn occurrences<'a, E: Event>(
    clock: &Clock,
    envelopes: Vec<&'a Envelope>,
) -> Result<Vec<Occurrence<'a, E>>, HandlingError> {
    let read = |envelope: &'a Envelope| {
        let event = envelope.data_as().map_err(|error| HandlingError::Unreadable(error.to_string()))?;
        Ok(Occurrence { origin: Origin::reaction(clock, envelope), envelope, event })
    };
    envelopes.into_iter().map(read).collect()
}
