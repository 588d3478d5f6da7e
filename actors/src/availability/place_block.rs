//! Placing a timetable's block: a weekly series that was decided elsewhere.

use uuid::Uuid;

use super::error::{Conflict, Error};
use super::model::Slot;
use super::placing::{free_unit_among, holds_around, place};
use super::profile;
use super::series_store::SeriesHead;
use super::{Availability, store};
use crate::database::{self, Transaction};
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
