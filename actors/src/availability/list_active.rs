//! The reservations that a user has ahead, or is in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Error;
use super::model::Reservation;
use super::{Availability, store};
use crate::access::{Caller, Permission};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// As many are listed.
const MOST: usize = 200;

/// The live reservations of a user that had not ended when they were read, by start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveReservations {
    items: Vec<Reservation>,
    /// Whether there are more than these.
    more: bool,
}

impl ActiveReservations {
    /// Those that have not ended at `now`; `None` when others would have taken the place of some that have.
    pub fn at(mut self, now: DateTime<Utc>) -> Option<Vec<Reservation>> {
        let read = self.items.len();
        self.items.retain(|reservation| reservation.slot.ends_at > now);
        (!self.more || self.items.len() == read).then_some(self.items)
    }
}

/// The live reservations of a user that have not ended, by start, the first 200.
#[derive(Debug, Clone, Copy)]
pub struct ListActive {
    /// Whose.
    pub user_id: Uuid,
}

impl ListActive {
    /// Everybody sees their own, and others' with the permission for that. Asked before the cache is, too.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn admits(&self, caller: &Caller) -> Result<(), Error> {
        if self.user_id == caller.id() || caller.may(Permission::ReservationsReadAll) {
            return Ok(());
        }
        Err(Error::Forbidden("seeing somebody else's reservations needs the permission reservations:read-all"))
    }
}

impl Query for ListActive {
    type Service = Availability;
    type Answer = ActiveReservations;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<ActiveReservations, Error> {
        self.admits(&context.caller)?;
        let mut items = store::live_of_user(connection, self.user_id, context.origin.now, MOST + 1)?;
        let more = items.len() > MOST;
        items.truncate(MOST);
        Ok(ActiveReservations { items, more })
    }
}

#[cfg(test)]
#[path = "list_active_tests.rs"]
mod tests;
