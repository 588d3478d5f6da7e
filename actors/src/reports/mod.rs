//! The reports service: what was reserved, by whom and how much, as projections of the other services' events.
//!
//! | commands | queries | reactions |
//! |---|---|---|
//! | none | [`Usage`], [`ListRegistered`] | reservation.created, reservation.updated, reservation.cancelled, schedule.conflict.detected |

mod error;
mod list_registered;
mod on_reservation_cancelled;
mod on_reservation_created;
mod on_reservation_updated;
mod on_schedule_conflict_detected;
mod store;
mod usage;

pub use error::Error;
pub use list_registered::{ListRegistered, Registered};
pub(crate) use store::insert_bulk;
pub use usage::{ResourceUsage, Usage, UsageReport};

use crate::service::{Campus, event_consumer, service_actor};
use crate::wiring::Consumes;

/// The actor of the reports service.
pub struct Reports {
    campus: Campus,
}

impl Reports {
    /// The service on `campus`.
    pub fn new(campus: Campus) -> Self {
        Self { campus }
    }
}

service_actor!(Reports);
event_consumer!(Reports);

/// Each reaction touches one row, that of its event's aggregate, and takes no lock that a command could wait for: the
/// projections have no other writer.
impl Consumes for Reports {
    const IN_BATCHES: bool = true;
}
