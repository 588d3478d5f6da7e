//! Rows of series.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::error::Error;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection, Transaction, each_engine};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    reservation_series (id) {
        id -> SqlId,
        resource_id -> SqlId,
        user_id -> SqlId,
        rrule -> Text,
        time_zone -> Text,
        purpose -> Nullable<Text>,
        created_at -> SqlInstant,
    }
}

/// What a series was asked for as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeriesHead {
    /// Its identifier.
    pub id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// The user it is for.
    pub user_id: Uuid,
    /// The recurrence rule (RFC 5545).
    pub rrule: String,
    /// The zone in whose local time it recurs.
    pub time_zone: String,
    /// What for.
    pub purpose: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

type Row = (Id, Id, Id, String, String, Option<String>, Instant);

/// The series with this id.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<SeriesHead, Error> {
    let row = reservation_series::table
        .find(Id(id))
        .get_result::<Row>(connection)
        .optional()
        .map_err(database::Error::from)?;
    let (id, resource_id, user_id, rrule, time_zone, purpose, created_at) = row.ok_or(Error::SeriesNotFound)?;
    let (id, resource_id, user_id, created_at) = (id.0, resource_id.0, user_id.0, created_at.0);
    Ok(SeriesHead { id, resource_id, user_id, rrule, time_zone, purpose, created_at })
}

/// Inserts a series unless it is there already.
pub(super) fn insert(transaction: &mut Transaction<'_>, series: &SeriesHead) -> Result<(), database::Error> {
    let row = (
        reservation_series::id.eq(Id(series.id)),
        reservation_series::resource_id.eq(Id(series.resource_id)),
        reservation_series::user_id.eq(Id(series.user_id)),
        reservation_series::rrule.eq(&series.rrule),
        reservation_series::time_zone.eq(&series.time_zone),
        reservation_series::purpose.eq(&series.purpose),
        reservation_series::created_at.eq(Instant(series.created_at)),
    );
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(reservation_series::table).values(row).on_conflict_do_nothing().execute(connection)
    })?;
    Ok(())
}
