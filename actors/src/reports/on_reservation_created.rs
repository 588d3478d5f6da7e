//! A reservation was made: it is registered.

use amqp::Envelope;
use amqp::events::ReservationCreated;

use super::{Reports, store};
use crate::database::Transaction;
use crate::database::sql_types::{Id, Instant};
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Occurrence, Reacts};

impl Reacts<ReservationCreated> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationCreated,
    ) -> Result<(), HandlingError> {
        Ok(store::insert_missing(transaction, vec![registered(envelope, &event)])?)
    }

    fn react_to_all(
        transaction: &mut Transaction<'_>,
        occurrences: Vec<Occurrence<'_, ReservationCreated>>,
    ) -> Result<(), HandlingError> {
        let rows = occurrences.iter().map(|one| registered(one.envelope, &one.event)).collect();
        Ok(store::insert_missing(transaction, rows)?)
    }
}

fn registered(envelope: &Envelope, event: &ReservationCreated) -> store::Row {
    store::Row {
        reservation_id: Id(event.reservation_id),
        resource_id: Id(event.resource_id),
        user_id: Id(event.user_id),
        starts_at: Instant(event.start_time),
        ends_at: Instant(event.end_time),
        cancelled: false,
        late: false,
        version: envelope.version,
    }
}
