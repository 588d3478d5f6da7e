//! Calling a reservation off.

use uuid::Uuid;

use super::edit::check_own;
use super::error::{Error, unfit};
use super::model::{Reservation, ReservationEvent};
use super::{Availability, occupancy, profile, store};
use crate::database::Transaction;
use crate::event_store::{Aggregate, append_one};
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Calls a reservation off and frees its time.
#[derive(Debug, Clone)]
pub struct CancelReservation {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

impl Command for CancelReservation {
    type Service = Availability;
    type Answer = Reservation;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Reservation, Error> {
        Error::unless_empty(check_reason(self.reason.as_deref()))?;
        // First of all, so that others are not even told its version. The owner never changes.
        check_own(context, &store::find(transaction.connection(), self.id)?)?;
        let reservation = store::load(transaction, self.id, self.expected_version)?;
        let profile = profile::find(transaction.connection(), reservation.resource_id)?;
        let deadline = profile.map(|profile| profile.cancellation_deadline()).unwrap_or_default();
        let (now, by) = (context.origin.now, context.origin.actor_id());
        let event = reservation.cancel(now, deadline, self.reason, by).map_err(Error::NotChangeable)?;
        let (version, event) = (reservation.version + 1, ReservationEvent::from(event));
        let reservation = Reservation::apply(Some(reservation), version, now, &event).map_err(unfit)?;
        store::save(transaction, &reservation)?;
        occupancy::release(transaction, &[reservation.id])?;
        append_one(transaction, &context.origin, version, event)?;
        Ok(reservation)
    }
}
