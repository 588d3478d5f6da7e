//! Calling a series off.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::error::{Error, unfit};
use super::get::check_visible;
use super::model::{Reservation, ReservationEvent};
use super::{Availability, occupancy, profile, series_store, store};
use crate::access::Permission;
use crate::database::{self, Transaction};
use crate::event_store::{Aggregate, Recorded, append};
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Calls off what is left of a series: its live reservations that have not begun.
#[derive(Debug, Clone)]
pub struct CancelSeries {
    /// Which one.
    pub id: Uuid,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// What became of a series that was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeriesCancelled {
    /// The series.
    pub id: Uuid,
    /// Reservations that were called off.
    pub cancelled: usize,
}

impl Command for CancelSeries {
    type Service = Availability;
    type Answer = SeriesCancelled;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<SeriesCancelled, Error> {
        Error::unless_empty(check_reason(self.reason.as_deref()))?;
        let head = series_store::find(transaction.connection(), self.id)?;
        check_visible(context, head.user_id, || Error::SeriesNotFound)?;
        if head.user_id != context.caller.id() && !context.caller.may(Permission::ReservationsManage) {
            return Err(Error::Forbidden("cancelling somebody else's series needs the permission reservations:manage"));
        }
        database::lock(transaction, &[head.resource_id])?;
        let profile = profile::find(transaction.connection(), head.resource_id)?;
        let deadline = profile.map(|profile| profile.cancellation_deadline()).unwrap_or_default();
        let now = context.origin.now;
        let mut left = store::of_series(transaction.connection(), self.id)?;
        left.retain(|reservation| reservation.status.is_live() && reservation.slot.starts_at > now);
        let cancelled = cancel_all(transaction, &context.origin, left, deadline, self.reason.as_deref())?;
        Ok(SeriesCancelled { id: self.id, cancelled })
    }
}

/// Calls reservations off that were loaded under the lock of their resource.
pub(super) fn cancel_all(
    transaction: &mut Transaction<'_>,
    origin: &crate::event_store::Origin,
    reservations: Vec<Reservation>,
    deadline: TimeDelta,
    reason: Option<&str>,
) -> Result<usize, Error> {
    let ids: Vec<Uuid> = reservations.iter().map(|reservation| reservation.id).collect();
    let mut recorded = Vec::with_capacity(ids.len());
    for reservation in reservations {
        let cancelled = reservation
            .cancel(origin.now, deadline, reason.map(str::to_owned), origin.actor_id())
            .map_err(Error::NotChangeable)?;
        let (version, event) = (reservation.version + 1, ReservationEvent::from(cancelled));
        let reservation = Reservation::apply(Some(reservation), version, origin.now, &event).map_err(unfit)?;
        store::save(transaction, &reservation)?;
        recorded.push(Recorded { version, event });
    }
    occupancy::release(transaction, &ids)?;
    if !recorded.is_empty() {
        append(transaction, origin, &recorded)?;
    }
    Ok(ids.len())
}
