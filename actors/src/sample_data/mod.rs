//! Sample data in bulk: an installation that looks as if it had been lived in, made from a seed.
//!
//! ```text
//! Order --> Plan (pure: which days, how many reservations a resource and day, when) --> batches of cells
//!       --> Past (pure: identifiers, events, rows by the services' own `apply`) --> one transaction a batch
//! ```
//!
//! A coordinator, like `imports`: each service writes its own rows, by the function that it offers for that. What is
//! written is what commands and reactions would have written: row, event, projections and inbox rows, in one transaction.
//! So whatever has been committed when a filling is interrupted is a sound, smaller installation.

mod calendar;
mod chance;
mod filling;
mod history;
mod people;
mod plan;
mod rooms;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::{auth, database};

pub use filling::fill;

/// The most resources that can be asked for.
pub const MOST_RESOURCES: u32 = 100_000;

/// What an installation is to be filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many rooms, 1 to [`MOST_RESOURCES`].
    pub resources: u32,
    /// How many reservations of them.
    pub reservations: u64,
    /// The same seed on the same day gives the same rooms, users and times.
    pub seed: u64,
}

impl Order {
    /// Whether it can be met on this day.
    ///
    /// # Errors
    /// [`Error::Resources`] and [`Error::TooMany`].
    pub fn check(self, now: DateTime<Utc>, time_zone: Tz) -> Result<(), Error> {
        plan::Plan::new(self, now.with_timezone(&time_zone).date_naive(), time_zone).map(drop)
    }
}

/// What an installation was filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Rooms.
    pub resources: u32,
    /// Users who hold the reservations, and cannot log in.
    pub users: u32,
    /// Reservations.
    pub reservations: u64,
    /// The first and the last day that may have reservations.
    pub days: (NaiveDate, NaiveDate),
}

/// Why an installation could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The number of resources is out of its range.
    #[error("{0} resources cannot be made; ask for 1 to {MOST_RESOURCES}")]
    Resources(u32),
    /// The resources have no room for so many reservations.
    #[error("{resources} resources take at most {most} reservations; ask for more resources or for fewer reservations")]
    TooMany {
        /// The resources that were asked for.
        resources: u32,
        /// The reservations that they take.
        most: u64,
    },
    /// Something is stored already.
    #[error("the database is not empty, and only an empty one is filled; name another one. Nothing was changed")]
    NotEmpty,
    /// What was made up does not fit the services' own models.
    #[error("the sample data breaks a rule: {0}")]
    Unfit(String),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
    /// No password could be made.
    #[error(transparent)]
    Password(#[from] auth::Error),
}
