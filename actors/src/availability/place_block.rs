//! Placing a timetable's block: a weekly series that was decided elsewhere.

use amqp::events::ReservationCreated;
use uuid::Uuid;

use super::error::{Conflict, Error, unfit};
use super::model::{Reservation, ReservationEvent, Slot};
use super::occupancy::{self, Claim};
use super::profile::{self, Profile};
use super::series::{free_unit_among, holds_around};
use super::series_store::{self, SeriesHead};
use super::{Availability, store};
use crate::database::{self, Transaction};
use crate::event_store::{Aggregate, Recorded, append};
use crate::service::{Command, Context};

/// Places a block of a timetable. The timetable outranks the rules of opening hours, length and how far ahead, but not
/// the guard: what is taken stays taken. Each reservation's identifier follows from the series and its start, so that
/// placing the same block again changes nothing, and placing it over a longer term adds what is missing.
#[derive(Debug, Clone)]
pub struct PlaceBlock {
    /// The series: its identifier follows from what the block is.
    pub series_id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// The user it is for.
    pub user_id: Uuid,
    /// What for.
    pub purpose: Option<String>,
    /// The rule that gave the occurrences.
    pub rrule: String,
    /// The occurrences, in the order of time.
    pub slots: Vec<Slot>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What became of a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// Occurrences that were, or would be, reserved.
    pub created: usize,
    /// Occurrences that were reserved before.
    pub unchanged: usize,
    /// Occurrences that are taken.
    pub refused: Vec<Slot>,
    /// By what.
    pub conflicts: Vec<Conflict>,
}

impl Command for PlaceBlock {
    type Service = Availability;
    type Answer = Placed;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Placed, Error> {
        database::lock(transaction, &[self.resource_id])?;
        let profile = profile::existing(transaction.connection(), self.resource_id)?;
        if profile.status.is_closed() {
            return Err(Error::NotChangeable("the resource is closed".to_owned()));
        }
        let ids: Vec<Uuid> = self.slots.iter().map(|slot| occurrence_id(self.series_id, *slot)).collect();
        let stored = store::stored(transaction, &ids)?;
        let holds = holds_around(transaction, &profile, &self.slots)?;
        let mut placed = Placed { unchanged: stored.len(), ..Placed::default() };
        let mut free = Vec::new();
        for (id, slot) in ids.into_iter().zip(&self.slots).filter(|(id, _)| !stored.contains(id)) {
            match free_unit_among(&holds, slot.with_buffer(profile.buffer()), profile.units()) {
                Ok(unit) => free.push((id, *slot, unit)),
                Err(conflicts) => {
                    placed.refused.push(*slot);
                    placed.conflicts.extend(conflicts);
                }
            }
        }
        placed.created = free.len();
        if !self.dry_run && !free.is_empty() {
            let head = self.head(context);
            place(transaction, context, &profile, &head, free)?;
        }
        Ok(placed)
    }
}

impl PlaceBlock {
    fn head(self, context: &Context) -> SeriesHead {
        SeriesHead {
            id: self.series_id,
            resource_id: self.resource_id,
            user_id: self.user_id,
            rrule: self.rrule,
            time_zone: context.time_zone.name().to_owned(),
            purpose: self.purpose,
            created_at: context.origin.now,
        }
    }
}

fn occurrence_id(series_id: Uuid, slot: Slot) -> Uuid {
    Uuid::new_v5(&series_id, &slot.starts_at.timestamp_micros().to_be_bytes())
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
