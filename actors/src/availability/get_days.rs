//! A resource on single days.

use uuid::Uuid;

use super::days::DayAvailability;
use super::error::Error;
use super::get_availability::during;
use super::model::Slot;
use super::{Availability, occupancy, profile};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// When a resource is taken and free on these days, which are in the order of time.
#[derive(Debug, Clone)]
pub struct GetDays {
    /// Which one.
    pub resource_id: Uuid,
    /// The days.
    pub days: Vec<Slot>,
}

impl Query for GetDays {
    type Service = Availability;
    type Answer = Vec<DayAvailability>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<Vec<DayAvailability>, Error> {
        let profile = profile::existing(connection, self.resource_id)?;
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else { return Ok(Vec::new()) };
        let whole = Slot { starts_at: first.starts_at, ends_at: last.ends_at };
        let holds = occupancy::holds(connection, self.resource_id, whole)?;
        let read = |day: Slot| {
            let answer = during(&profile, &holds, day, context.time_zone);
            DayAvailability { day, closed: answer.closed, busy: answer.busy, free: answer.free }
        };
        Ok(self.days.into_iter().map(read).collect())
    }
}
