//! A reservation was called off: it is counted as that.

use amqp::Envelope;
use amqp::events::ReservationCancelled;

use super::on_reservation_updated::unregistered;
use super::{Reports, store};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ReservationCancelled> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationCancelled,
    ) -> Result<(), HandlingError> {
        let Some(mut row) = store::find(transaction, event.reservation_id)? else {
            return Err(unregistered(envelope));
        };
        if row.version >= envelope.version {
            return Ok(());
        }
        row.cancelled = true;
        row.late = event.late;
        row.version = envelope.version;
        Ok(store::save(transaction, row)?)
    }
}
