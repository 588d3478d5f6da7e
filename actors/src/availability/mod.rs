//! The availability service: who holds which resource when.
//!
//! | commands | queries | reactions |
//! |---|---|---|
//! | [`RequestReservation`], [`EditReservation`], [`CancelReservation`], [`RequestSeries`], [`CancelSeries`], [`PlaceBlock`] | [`GetReservation`], [`ListReservations`], [`GetSeries`], [`GetAvailability`], [`GetDays`], [`GetRules`], [`GetShownVersion`], [`ListActive`], [`SearchFreeResources`], [`ListProfiles`], [`CountFuture`], [`CheckReservations`] | resource.created, resource.updated, resource.deleted, resource.status.changed, resource.category.changed, availability.rules.updated |
//!
//! Every writer goes through the module `occupancy`, the guard against double booking, and none reads the cache: see
//! [`cached`].

mod alternatives;
mod bulk;
pub mod cached;
mod cancel;
mod cancel_series;
mod check;
mod days;
mod decision;
mod edit;
mod error;
mod future;
mod get;
mod get_availability;
mod get_days;
mod get_rules;
mod get_series;
mod get_shown_version;
mod list;
mod list_active;
mod list_profiles;
pub mod model;
mod occupancy;
mod on_availability_rules_updated;
mod on_resource_category_changed;
mod on_resource_created;
mod on_resource_deleted;
mod on_resource_status_changed;
mod on_resource_updated;
mod place_block;
mod placing;
mod profile;
pub mod recurrence;
mod request;
mod rules;
mod search;
mod series;
mod series_store;
mod sought;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use bulk::{insert_profiles, insert_reservations};
pub use cancel::CancelReservation;
pub use cancel_series::{CancelSeries, SeriesCancelled};
pub use check::CheckReservations;
pub use edit::{EditReservation, ReservationChanges};
pub use error::{Conflict, Error};
pub use future::{CountFuture, FutureReservations};
pub use get::GetReservation;
pub use get_availability::{GetAvailability, ResourceAvailability};
pub use get_days::GetDays;
pub use get_rules::{GetRules, RulesInForce};
pub use get_series::{GetSeries, Series};
pub use get_shown_version::GetShownVersion;
pub use list::{ListReservations, ReservationFilter, ReservationPage};
pub use list_active::{ActiveReservations, ListActive};
pub use list_profiles::ListProfiles;
pub use model::{Reservation, ReservationStatus, Slot};
pub use place_block::{PlaceBlock, Placed};
pub use profile::Profile;
pub use request::{NewReservation, RequestReservation};
pub use search::{FreeResource, SearchFreeResources};
pub use series::{NewSeries, Rejected, RequestSeries, SeriesMode, SeriesOutcome};

use crate::service::{Campus, event_consumer, service_actor};
use crate::wiring::Consumes;

/// The actor of the availability service.
pub struct Availability {
    campus: Campus,
}

impl Availability {
    /// The service on `campus`.
    pub fn new(campus: Campus) -> Self {
        Self { campus }
    }
}

service_actor!(Availability);
event_consumer!(Availability);

/// Its reactions lock the resource that their event is about, and commands lock several.
impl Consumes for Availability {
    const IN_BATCHES: bool = false;
}
