//! A reservation was made: it is registered.

use amqp::Envelope;
use amqp::events::ReservationCreated;

use super::{Reports, store};
use crate::database::Transaction;
use crate::database::sql_types::{Id, Instant};
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ReservationCreated> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationCreated,
    ) -> Result<(), HandlingError> {
        if store::find(transaction, event.reservation_id)?.is_some() {
            return Ok(());
        }
        let row = store::Row {
            reservation_id: Id(event.reservation_id),
            resource_id: Id(event.resource_id),
            user_id: Id(event.user_id),
            starts_at: Instant(event.start_time),
            ends_at: Instant(event.end_time),
            cancelled: false,
            late: false,
            version: envelope.version,
        };
        Ok(store::insert(transaction, row)?)
    }
}
