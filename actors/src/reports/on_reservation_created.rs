//! A reservation was made: it is registered.

use amqp::Envelope;
use amqp::events::ReservationCreated;

use super::{Reports, store};
use crate::database::Transaction;
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
        Ok(store::insert(transaction, store::Row::created(&event, envelope.version))?)
    }
}
