//! A reservation was made: it is registered.

use amqp::Envelope;
use amqp::events::ReservationCreated;

use super::{Reports, store};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Occurrence, Reacts};

impl Reacts<ReservationCreated> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationCreated,
    ) -> Result<(), HandlingError> {
        Ok(store::insert_missing(transaction, vec![store::Row::created(&event, envelope.version)])?)
    }

    fn react_to_all(
        transaction: &mut Transaction<'_>,
        occurrences: Vec<Occurrence<'_, ReservationCreated>>,
    ) -> Result<(), HandlingError> {
        let rows = occurrences.iter().map(|one| store::Row::created(&one.event, one.envelope.version)).collect();
        Ok(store::insert_missing(transaction, rows)?)
    }
}
