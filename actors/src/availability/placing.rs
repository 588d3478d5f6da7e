//! Placing many occurrences at once: what a series and a timetable's block have in common.

use amqp::events::ReservationCreated;
use uuid::Uuid;

use super::error::{Conflict, Error, unfit};
use super::model::{Reservation, ReservationEvent, Slot};
use super::occupancy::{self, Claim, Hold};
use super::profile::Profile;
use super::series_store::{self, SeriesHead};
use super::store;
use crate::database::Transaction;
use crate::event_store::{Aggregate, Recorded, append};
use crate::service::Context;

/// What holds the resource between the first occurrence and the last.
pub(super) fn holds_around(
    transaction: &mut Transaction<'_>,
    profile: &Profile,
    slots: &[Slot],
) -> Result<Vec<Hold>, Error> {
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return Ok(Vec::new()) };
    let whole = Slot { starts_at: first.starts_at, ends_at: last.with_buffer(profile.buffer()).ends_at };
    Ok(occupancy::holds(transaction.connection(), profile.resource_id, whole)?)
}

/// [`occupancy::free_unit`] among holds in the order of time, without looking at all of them.
pub(super) fn free_unit_among(holds: &[Hold], slot: Slot, units: i32) -> Result<i32, Vec<Conflict>> {
    let first = holds.partition_point(|hold| hold.slot().starts_at <= slot.starts_at - occupancy::LONGEST_PIECE);
    let end = holds.partition_point(|hold| hold.slot().starts_at < slot.ends_at);
    occupancy::free_unit(holds.get(first..end).unwrap_or_default(), slot, units)
}

/// Reserves the occurrences of a series, each with its identifier and its unit, which are known to be free.
pub(super) fn place(
    transaction: &mut Transaction<'_>,
    context: &Context,
    profile: &Profile,
    head: &SeriesHead,
    free: Vec<(Uuid, Slot, i32)>,
) -> Result<Vec<Uuid>, Error> {
    let mut reservations = Vec::with_capacity(free.len());
    let mut recorded = Vec::with_capacity(free.len());
    let mut claims = Vec::with_capacity(free.len());
    for (id, slot, unit) in free {
        let event = ReservationEvent::from(created(id, slot, head, profile, context));
        reservations.push(Reservation::apply(None, 1, context.origin.now, &event).map_err(unfit)?);
        recorded.push(Recorded { version: 1, event });
        let blocked = slot.with_buffer(profile.buffer());
        claims.push(Claim { resource_id: profile.resource_id, unit, slot: blocked, holder_id: id });
    }
    occupancy::occupy(transaction, &claims)?;
    series_store::insert(transaction, head)?;
    store::insert(transaction, &reservations)?;
    append(transaction, &context.origin, &recorded)?;
    Ok(reservations.into_iter().map(|reservation| reservation.id).collect())
}

fn created(id: Uuid, slot: Slot, head: &SeriesHead, profile: &Profile, context: &Context) -> ReservationCreated {
    ReservationCreated {
        reservation_id: id,
        resource_id: head.resource_id,
        user_id: head.user_id,
        start_time: slot.starts_at,
        end_time: slot.ends_at,
        purpose: head.purpose.clone(),
        created_by: context.origin.actor_id(),
        series_id: Some(head.id),
        program_id: None,
        duration_minutes: u32::try_from(slot.duration().num_minutes()).unwrap_or_default(),
        participants: Vec::new(),
        requires_approval: profile.rules.requires_approval,
    }
}
