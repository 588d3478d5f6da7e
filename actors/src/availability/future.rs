//! What of a resource lies ahead.

use diesel::prelude::*;
use uuid::Uuid;

use super::Availability;
use super::error::Error;
use super::store::{live_words, reservations};
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection, each_engine};
use crate::service::{Context, Query};

/// How many of the reservations are named.
const NAMED: usize = 5;

/// The live reservations of a resource that have not begun: those that its deletion cancels. Whose they are is not asked,
/// so it is for those who may delete resources.
#[derive(Debug, Clone, Copy)]
pub struct CountFuture {
    /// The resource; one that is not known has none.
    pub resource_id: Uuid,
}

/// What lies ahead of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FutureReservations {
    /// How many reservations.
    pub count: usize,
    /// The first of them by start, at most 5.
    pub first: Vec<Uuid>,
}

impl Query for CountFuture {
    type Service = Availability;
    type Answer = FutureReservations;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<FutureReservations, Error> {
        let ids: Vec<Id> = each_engine!(connection, connection => {
            reservations::table
                .filter(reservations::resource_id.eq(Id(self.resource_id)))
                .filter(reservations::starts_at.gt(Instant(context.origin.now)))
                .filter(reservations::status.eq_any(live_words()))
                .order((reservations::starts_at, reservations::id))
                .select(reservations::id)
                .load(connection)
        })
        .map_err(database::Error::from)?;
        Ok(FutureReservations { count: ids.len(), first: ids.into_iter().take(NAMED).map(Uuid::from).collect() })
    }
}
