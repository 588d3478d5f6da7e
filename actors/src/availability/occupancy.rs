//! The guard against double booking: one table that every writer goes through.
//!
//! A writer locks the resource first ([`crate::database::lock`]), asks what is in the way, and inserts. The lock keeps
//! writers from waiting on each other's rows; the constraint `occupancy_no_overlap` (an exclusion constraint on
//! PostgreSQL, a trigger on SQLite) is the proof that holds even for a writer that forgot the lock.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use uuid::Uuid;

use super::error::{Conflict, Error};
use super::model::Slot;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection, Transaction, bulk_rows, each_engine, insert_rows};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    occupancy (resource_id, starts_at, unit) {
        resource_id -> SqlId,
        unit -> Integer,
        starts_at -> SqlInstant,
        ends_at -> SqlInstant,
        holder_id -> SqlId,
    }
}

/// The longest piece that is stored: whoever looks for what overlaps a moment looks so far back.
pub(super) const LONGEST_PIECE: TimeDelta = TimeDelta::hours(24);

/// A held span, or a piece of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = occupancy, treat_none_as_default_value = false)]
pub struct Hold {
    resource_id: Id,
    unit: i32,
    starts_at: Instant,
    ends_at: Instant,
    holder_id: Id,
}

impl Hold {
    /// The held span.
    pub fn slot(&self) -> Slot {
        Slot { starts_at: self.starts_at.0, ends_at: self.ends_at.0 }
    }

    /// What holds it.
    pub fn holder(&self) -> Uuid {
        self.holder_id.0
    }

    /// Whether both hold the same unit of the same resource.
    pub fn same_unit(&self, other: &Self) -> bool {
        self.resource_id == other.resource_id && self.unit == other.unit
    }

    fn conflict(&self) -> Conflict {
        Conflict { holder_id: self.holder(), start_time: self.starts_at.0, end_time: self.ends_at.0 }
    }
}

/// What holds the resource at any time within `slot`, in the order of time.
pub(super) fn holds(
    connection: &mut DatabaseConnection,
    resource_id: Uuid,
    slot: Slot,
) -> Result<Vec<Hold>, database::Error> {
    Ok(each_engine!(connection, connection => {
        occupancy::table
            .filter(occupancy::resource_id.eq(Id(resource_id)))
            .filter(occupancy::starts_at.lt(Instant(slot.ends_at)))
            .filter(occupancy::starts_at.gt(Instant(slot.starts_at - LONGEST_PIECE)))
            .filter(occupancy::ends_at.gt(Instant(slot.starts_at)))
            .order((occupancy::starts_at, occupancy::unit))
            .load(connection)
    })?)
}

/// The first unit that is free throughout `slot`, given what holds the resource.
///
/// # Errors
/// What is in the way, when none is.
pub fn free_unit(holds: &[Hold], slot: Slot, units: i32) -> Result<i32, Vec<Conflict>> {
    let in_the_way: Vec<&Hold> = holds.iter().filter(|hold| hold.slot().overlaps(&slot)).collect();
    // A unit that the resource had once counts as well: it takes no more at once than it has units now.
    let taken: BTreeSet<i32> = in_the_way.iter().map(|hold| hold.unit).collect();
    let full = i32::try_from(taken.len()).is_ok_and(|taken| taken >= units);
    let free = (0..units).find(|unit| !full && !taken.contains(unit));
    free.ok_or_else(|| in_the_way.into_iter().map(Hold::conflict).collect())
}

/// A span that is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub resource_id: Uuid,
    pub unit: i32,
    /// Buffers included.
    pub slot: Slot,
    pub holder_id: Uuid,
}

impl Claim {
    /// The span in pieces of at most a day.
    pub fn pieces(self) -> impl Iterator<Item = Hold> {
        let Self { resource_id, unit, slot, holder_id } = self;
        let mut next = slot.starts_at;
        std::iter::from_fn(move || {
            let starts_at = next;
            next = (starts_at + LONGEST_PIECE).min(slot.ends_at);
            (starts_at < slot.ends_at).then_some(Hold {
                resource_id: Id(resource_id),
                unit,
                starts_at: Instant(starts_at),
                ends_at: Instant(next),
                holder_id: Id(holder_id),
            })
        })
    }
}

/// Holds the spans.
///
/// # Errors
/// [`Error::Conflict`] when the proof refuses: somebody wrote without the lock.
pub(super) fn occupy(transaction: &mut Transaction<'_>, claims: &[Claim]) -> Result<(), Error> {
    let holds: Vec<Hold> = claims.iter().copied().flat_map(Claim::pieces).collect();
    match insert_rows!(transaction, occupancy::table, &holds) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.constraint(), Some("occupancy_no_overlap" | "occupancy_pkey")) => {
            Err(Error::Conflict { conflicts: Vec::new(), alternatives: Vec::new() })
        }
        Err(error) if error.constraint() == Some("occupancy_resource_id_starts_at_unit_key") => {
            Err(Error::Conflict { conflicts: Vec::new(), alternatives: Vec::new() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Holds very many spans, which are known to be free.
///
/// # Errors
/// When the proof refuses one of them all the same.
pub(super) fn occupy_bulk(transaction: &mut Transaction<'_>, claims: &[Claim]) -> Result<(), database::Error> {
    let holds: Vec<Hold> = claims.iter().copied().flat_map(Claim::pieces).collect();
    bulk_rows!(transaction, occupancy::table, &holds)
}

/// Lets go of everything that the holders hold.
pub(super) fn release(transaction: &mut Transaction<'_>, holders: &[Uuid]) -> Result<(), database::Error> {
    for chunk in holders.chunks(1_000) {
        let ids: Vec<Id> = chunk.iter().copied().map(Id).collect();
        each_engine!(transaction.connection(), connection => {
            diesel::delete(occupancy::table.filter(occupancy::holder_id.eq_any(&ids))).execute(connection)
        })?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "occupancy_tests.rs"]
mod tests;
