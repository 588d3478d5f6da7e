//! Moving a reservation, or saying better what it is for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::error::{Error, unfit};
use super::get::check_visible;
use super::model::{Reservation, ReservationEvent, Slot};
use super::occupancy::{self, Claim};
use super::request::{check_texts, free_unit, limit, lock};
use super::rules::Request;
use super::{Availability, profile, store};
use crate::access::Permission;
use crate::database::Transaction;
use crate::event_store::{Aggregate, append_one};
use crate::service::{Command, Context};

/// Changes to a reservation: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReservationChanges {
    /// A new start.
    pub start_time: Option<DateTime<Utc>>,
    /// A new end.
    pub end_time: Option<DateTime<Utc>>,
    /// A new purpose, at most 500 characters.
    pub purpose: Option<String>,
}

/// Changes a reservation that has not begun.
#[derive(Debug, Clone)]
pub struct EditReservation {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// What changes.
    pub changes: ReservationChanges,
}

impl Command for EditReservation {
    type Service = Availability;
    type Answer = Reservation;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Reservation, Error> {
        // Both locks at once, in the order that a new request takes them in. Neither owner nor resource ever changes.
        let found = store::find(transaction.connection(), self.id)?;
        check_own(context, &found)?;
        lock(transaction, context, found.resource_id, found.user_id)?;
        let reservation = store::load(transaction, self.id, self.expected_version)?;
        let slot = Slot::new(
            self.changes.start_time.unwrap_or(reservation.slot.starts_at),
            self.changes.end_time.unwrap_or(reservation.slot.ends_at),
        );
        Error::unless_empty(check_texts(self.changes.purpose.as_deref(), 0))?;
        let (now, by) = (context.origin.now, context.origin.actor_id());
        let edited = reservation.edit(now, slot, self.changes.purpose.as_deref(), by).map_err(Error::NotChangeable)?;
        let Some(event) = edited else { return Ok(reservation) };
        if slot != reservation.slot {
            relocate(transaction, context, &reservation, slot)?;
        }
        let (version, event) = (reservation.version + 1, ReservationEvent::from(event));
        let reservation = Reservation::apply(Some(reservation), version, now, &event).map_err(unfit)?;
        store::save(transaction, &reservation)?;
        append_one(transaction, &context.origin, version, event)?;
        Ok(reservation)
    }
}

/// Lets go of the old span and takes the new one, by the same rules as a new reservation.
fn relocate(
    transaction: &mut Transaction<'_>,
    context: &Context,
    reservation: &Reservation,
    slot: Slot,
) -> Result<(), Error> {
    let profile = profile::existing(transaction.connection(), reservation.resource_id)?;
    let people = (!reservation.participants.is_empty()).then_some(reservation.participants.len() + 1);
    let mut violations = Request::of(&profile, slot, people, context).violations();
    violations.extend(limit(transaction, context, reservation.user_id, slot, Some(reservation.id))?);
    Error::unless_empty(violations)?;
    occupancy::release(transaction, &[reservation.id])?;
    let unit = free_unit(transaction, &profile, slot, context)?;
    let blocked = slot.with_buffer(profile.buffer());
    let claim = Claim { resource_id: profile.resource_id, unit, slot: blocked, holder_id: reservation.id };
    occupancy::occupy(transaction, &[claim])
}

/// A reservation may be changed by whom it is for, and by who may change everybody's.
pub(super) fn check_own(context: &Context, reservation: &Reservation) -> Result<(), Error> {
    check_visible(context, reservation.user_id, || Error::NotFound)?;
    if reservation.user_id == context.caller.id() || context.caller.may(Permission::ReservationsManage) {
        return Ok(());
    }
    Err(Error::Forbidden("changing somebody else's reservation needs the permission reservations:manage"))
}
