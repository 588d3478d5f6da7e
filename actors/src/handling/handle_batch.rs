//! The transaction in which a consumer handles events of different aggregates.

use std::sync::Arc;

use actix::ResponseFuture;
use amqp::{Envelope, Service};

use crate::clock::Clock;
use crate::database::{Database, Transaction};
use crate::event_store::{admission, inbox};
use crate::wiring::{DeliverBatch, HandlingError, react_to_all};

/// What every consumer does with a batch: admission, inbox, reactions, commit. It is all or nothing, save for events that
/// are not next: those are left as they are.
pub(crate) fn handle_batch(
    database: &Database,
    clock: &Clock,
    service: Service,
    batch: DeliverBatch,
) -> ResponseFuture<Result<Vec<bool>, HandlingError>> {
    let (database, clock) = (database.clone(), clock.clone());
    Box::pin(async move {
        database
            .write(move |transaction| {
                let next = admission::are_next(transaction, service, &batch.events)?;
                let events = batch.events.iter().zip(&next).filter(|(_, next)| **next).map(|(event, _)| event);
                take_in(transaction, &clock, service, events)?;
                Ok(next)
            })
            .await
    })
}

fn take_in<'a>(
    transaction: &mut Transaction<'_>,
    clock: &Clock,
    service: Service,
    events: impl Iterator<Item = &'a Arc<Envelope>> + Clone,
) -> Result<(), HandlingError> {
    // Also for what was handled before: who did may have died before anything was forgotten.
    if let Some(invalidation) = transaction.invalidation() {
        events.clone().for_each(|event| invalidation.taken_in(service, event));
    }
    let ids = events.clone().map(|event| event.event_id);
    let mut claimed = inbox::claim_many(transaction, service.name(), ids, clock.now())?;
    // Somebody may have given one id to two events: the first one has it.
    let new: Vec<&Envelope> = events.map(Arc::as_ref).filter(|event| claimed.remove(&event.event_id)).collect();
    react_to_all(service, transaction, clock, &new)
}
