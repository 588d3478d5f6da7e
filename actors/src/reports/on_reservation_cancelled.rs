//! A reservation was called off: it is counted as that.

use amqp::Envelope;
use amqp::events::ReservationCancelled;

use super::{Reports, store};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Occurrence, Reacts};

impl Reacts<ReservationCancelled> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationCancelled,
    ) -> Result<(), HandlingError> {
        store::change(transaction, &[(envelope, event.reservation_id, event)], apply)
    }

    fn react_to_all(
        transaction: &mut Transaction<'_>,
        occurrences: Vec<Occurrence<'_, ReservationCancelled>>,
    ) -> Result<(), HandlingError> {
        let events: Vec<_> =
            occurrences.into_iter().map(|one| (one.envelope, one.event.reservation_id, one.event)).collect();
        store::change(transaction, &events, apply)
    }
}

fn apply(row: &mut store::Row, event: &ReservationCancelled) -> Result<(), HandlingError> {
    row.cancelled = true;
    row.late = event.late;
    Ok(())
}
