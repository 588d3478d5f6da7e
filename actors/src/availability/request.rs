//! Asking for a reservation.

use amqp::events::ReservationCreated;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::error::{Error, unfit};
use super::model::{Reservation, ReservationEvent, Slot};
use super::occupancy::{self, Claim};
use super::profile::{self, Profile};
use super::{Availability, alternatives, rules, store};
use crate::access::{Caller, Permission};
use crate::database::{self, Transaction};
use crate::event_store::{Aggregate, append_one};
use crate::service::{Command, Context};
use crate::violation::{Violation, check_text};

/// What a new reservation is to be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReservation {
    /// The resource.
    pub resource_id: Uuid,
    /// From when.
    pub start_time: DateTime<Utc>,
    /// To when; that instant is free again.
    pub end_time: DateTime<Utc>,
    /// What for, at most 500 characters.
    pub purpose: Option<String>,
    /// The user it is for, if not the caller: needs the permission `reservations:manage`.
    pub user_id: Option<Uuid>,
    /// The program it is for.
    pub program_id: Option<Uuid>,
    /// Further users who take part, at most 500.
    #[serde(default)]
    pub participants: Vec<Uuid>,
}

/// Asks for a reservation. It is confirmed at once unless the resource's rules ask for an approval.
#[derive(Debug, Clone)]
pub struct RequestReservation(pub NewReservation);

impl Command for RequestReservation {
    type Service = Availability;
    type Answer = Reservation;
    type Refusal = Error;

    fn locks(&self, context: &Context) -> Vec<Uuid> {
        let user_id = on_behalf_of(&context.caller, self.0.user_id).ok();
        user_id.map_or_else(Vec::new, |user_id| locks(context, self.0.resource_id, user_id))
    }

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Reservation, Error> {
        let new = self.0;
        let user_id = on_behalf_of(&context.caller, new.user_id)?;
        let slot = Slot::new(new.start_time, new.end_time);
        lock(transaction, context, new.resource_id, user_id)?;
        let profile = profile::existing(transaction.connection(), new.resource_id)?;
        let people = (!new.participants.is_empty()).then_some(new.participants.len() + 1);
        let mut violations = rules::Request::of(&profile, slot, people, context).violations();
        violations.extend(limit(transaction, context, user_id, slot, None)?);
        violations.extend(check_texts(new.purpose.as_deref(), new.participants.len()));
        Error::unless_empty(violations)?;
        let unit = free_unit(transaction, &profile, slot, context)?;

        let event = ReservationEvent::from(created(&new, slot, user_id, &profile, context));
        let reservation = Reservation::apply(None, 1, context.origin.now, &event).map_err(unfit)?;
        let claim = Claim {
            resource_id: profile.resource_id,
            unit,
            slot: slot.with_buffer(profile.buffer()),
            holder_id: reservation.id,
        };
        occupancy::occupy(transaction, &[claim])?;
        store::insert(transaction, std::slice::from_ref(&reservation))?;
        append_one(transaction, &context.origin, 1, event)?;
        Ok(reservation)
    }
}

fn created(
    new: &NewReservation,
    slot: Slot,
    user_id: Uuid,
    profile: &Profile,
    context: &Context,
) -> ReservationCreated {
    ReservationCreated {
        reservation_id: context.origin.ids.next(),
        resource_id: new.resource_id,
        user_id,
        start_time: slot.starts_at,
        end_time: slot.ends_at,
        purpose: new.purpose.clone(),
        created_by: context.origin.actor_id(),
        series_id: None,
        program_id: new.program_id,
        duration_minutes: u32::try_from(slot.duration().num_minutes()).unwrap_or_default(),
        participants: new.participants.clone(),
        requires_approval: profile.rules.requires_approval,
    }
}

/// The user a request is for: the caller, or somebody else if the caller may do that.
pub(super) fn on_behalf_of(caller: &Caller, user_id: Option<Uuid>) -> Result<Uuid, Error> {
    match user_id {
        Some(user_id) if user_id != caller.id() && !caller.may(Permission::ReservationsManage) => {
            Err(Error::Forbidden("reserving for somebody else needs the permission reservations:manage"))
        }
        Some(user_id) => Ok(user_id),
        None => Ok(caller.id()),
    }
}

/// Locks the resource, and for a student the student, whose reservations are counted.
pub(super) fn lock(
    transaction: &mut Transaction<'_>,
    context: &Context,
    resource_id: Uuid,
    user_id: Uuid,
) -> Result<(), database::Error> {
    database::lock(transaction, &locks(context, resource_id, user_id))
}

fn locks(context: &Context, resource_id: Uuid, user_id: Uuid) -> Vec<Uuid> {
    if context.caller.is_staff() { vec![resource_id] } else { vec![resource_id, user_id] }
}

/// The weekly limit of students. Who reserves for somebody else is staff and answers for it.
pub(super) fn limit(
    transaction: &mut Transaction<'_>,
    context: &Context,
    user_id: Uuid,
    slot: Slot,
    except: Option<Uuid>,
) -> Result<Option<Violation>, Error> {
    if context.caller.is_staff() {
        return Ok(None);
    }
    let week = rules::week_of(slot.starts_at, context.time_zone);
    Ok(rules::weekly_limit(store::live_in_week(transaction, user_id, week, except)?))
}

pub(super) fn check_texts(purpose: Option<&str>, participants: usize) -> Vec<Violation> {
    let mut violations = Vec::new();
    check_text(&mut violations, "purpose", purpose.unwrap_or_default(), 0..=500);
    if participants > 500 {
        violations.push(Violation::field("field.length", "participants", "at most 500 participants"));
    }
    violations
}

/// A unit of the resource that is free, or the refusal with what is in the way and when it would be free.
pub(super) fn free_unit(
    transaction: &mut Transaction<'_>,
    profile: &Profile,
    slot: Slot,
    context: &Context,
) -> Result<i32, Error> {
    let blocked = slot.with_buffer(profile.buffer());
    let holds = occupancy::holds(transaction.connection(), profile.resource_id, blocked)?;
    match occupancy::free_unit(&holds, blocked, profile.units()) {
        Ok(unit) => Ok(unit),
        Err(conflicts) => {
            let alternatives = alternatives::near(transaction, profile, slot, context)?;
            Err(Error::Conflict { conflicts, alternatives })
        }
    }
}
