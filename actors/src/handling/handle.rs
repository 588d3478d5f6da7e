//! The transaction in which a consumer handles an event.

use actix::ResponseFuture;
use amqp::{Envelope, Service};

use super::parcels::parcel;
use crate::clock::Clock;
use crate::database::{Database, Transaction};
use crate::dead_letters::{self, Reason};
use crate::event_store::admission::{Admission, admit};
use crate::event_store::{Origin, executions, inbox};
use crate::wiring::{Course, Deliver, Handled, HandlingError, react};

/// What every consumer does with a delivered event: admission, inbox, reaction, commit.
pub(crate) fn handle(
    database: &Database,
    clock: &Clock,
    service: Service,
    delivered: Deliver,
) -> ResponseFuture<Result<Handled, HandlingError>> {
    let (database, clock) = (database.clone(), clock.clone());
    Box::pin(async move {
        database
            .write(move |transaction| {
                let origin = Origin::reaction(&clock, &delivered.event);
                let handled = match admit(transaction, service, &delivered.event)? {
                    Admission::Next => take_in(transaction, &origin, service, &delivered.event)?,
                    Admission::After(missing) => return Err(HandlingError::Early(missing)),
                    Admission::Behind => {
                        let why = "waits behind an earlier event of its aggregate".to_owned();
                        set_aside(transaction, &origin, service, &delivered, Reason::Waiting, why)?
                    }
                    Admission::Contradicts(why) => {
                        set_aside(transaction, &origin, service, &delivered, Reason::VersionConflict, why)?
                    }
                };
                conclude(transaction, &origin, service, &delivered)?;
                Ok(handled)
            })
            .await
    })
}

fn take_in(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    service: Service,
    event: &Envelope,
) -> Result<Handled, HandlingError> {
    // Also when it was handled before: who did may have died before anything was forgotten.
    if let Some(invalidation) = transaction.invalidation() {
        invalidation.taken_in(service, event);
    }
    if !inbox::claim(transaction, service.name(), event.event_id, origin.now)? {
        return Ok(Handled::Before);
    }
    react(service, transaction, origin, event)?;
    Ok(Handled::Now)
}

/// Parks an event that is not to be handled now. One that is parked already stays what it is.
fn set_aside(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    service: Service,
    delivered: &Deliver,
    reason: Reason,
    why: String,
) -> Result<Handled, HandlingError> {
    if let Course::Replayed(_) = delivered.course {
        return Err(HandlingError::Refused(why));
    }
    let due_at = (reason == Reason::Waiting).then_some(origin.now);
    let parcel = parcel(service, &delivered.event, delivered.bytes.as_deref(), reason, why, due_at);
    dead_letters::park(transaction, &parcel, &origin.ids, origin.now)?;
    Ok(Handled::Parked)
}

fn conclude(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    service: Service,
    delivered: &Deliver,
) -> Result<(), HandlingError> {
    match delivered.course {
        Course::Fresh => return Ok(()),
        Course::Suspect => {}
        Course::Replayed(letter) => dead_letters::handled(transaction, letter, origin.now)?,
    }
    Ok(executions::end(transaction, service.name(), delivered.event.event_id)?)
}
