//! What the projection holds, for comparing it with the reservations.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::store::{Row, report_reservations};
use super::{Error, Reports};
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// A reservation as the reports know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The reservation.
    pub reservation_id: Uuid,
    /// From when to when.
    pub span: (DateTime<Utc>, DateTime<Utc>),
    /// Whether it was called off.
    pub cancelled: bool,
    /// The reservation's version that this shows.
    pub version: i64,
}

/// Every registered reservation, by identifier.
#[derive(Debug, Clone, Copy)]
pub struct ListRegistered;

impl Query for ListRegistered {
    type Service = Reports;
    type Answer = Vec<Registered>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Vec<Registered>, Error> {
        let rows = report_reservations::table
            .order(report_reservations::reservation_id)
            .load::<Row>(connection)
            .map_err(database::Error::from)?;
        let registered = |row: Row| Registered {
            reservation_id: row.reservation_id.0,
            span: (row.starts_at.0, row.ends_at.0),
            cancelled: row.cancelled,
            version: row.version,
        };
        Ok(rows.into_iter().map(registered).collect())
    }
}
