//! Rows of reservations: load, lock, save.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Error;
use super::model::{Reservation, ReservationStatus, Slot};
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{self, DatabaseConnection, Transaction, bulk_rows, each_engine, insert_rows};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    reservations (id) {
        id -> SqlId,
        resource_id -> SqlId,
        user_id -> SqlId,
        starts_at -> SqlInstant,
        ends_at -> SqlInstant,
        purpose -> Nullable<Text>,
        status -> Text,
        series_id -> Nullable<SqlId>,
        program_id -> Nullable<SqlId>,
        participants -> SqlJson,
        created_by -> SqlId,
        cancelled_late -> Bool,
        cancel_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
    }
}

/// A row of the table `reservations`.
#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = reservations, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    id: Id,
    resource_id: Id,
    user_id: Id,
    starts_at: Instant,
    ends_at: Instant,
    purpose: Option<String>,
    status: String,
    series_id: Option<Id>,
    program_id: Option<Id>,
    participants: Json,
    created_by: Id,
    cancelled_late: bool,
    cancel_reason: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(reservation: &Reservation) -> Self {
        Self {
            id: Id(reservation.id),
            resource_id: Id(reservation.resource_id),
            user_id: Id(reservation.user_id),
            starts_at: Instant(reservation.slot.starts_at),
            ends_at: Instant(reservation.slot.ends_at),
            purpose: reservation.purpose.clone(),
            status: reservation.status.word().to_owned(),
            series_id: reservation.series_id.map(Id),
            program_id: reservation.program_id.map(Id),
            participants: Json(json!(reservation.participants)),
            created_by: Id(reservation.created_by),
            cancelled_late: reservation.cancelled_late,
            cancel_reason: reservation.cancel_reason.clone(),
            version: reservation.version,
            created_at: Instant(reservation.created_at),
            updated_at: Instant(reservation.updated_at),
        }
    }

    pub(super) fn reservation(self) -> Result<Reservation, database::Error> {
        let damaged = |what: String| database::Error::Damaged(format!("reservation {}: {what}", self.id.0));
        let status: ReservationStatus = self.status.parse().map_err(damaged)?;
        let participants = participants(self.participants.0).map_err(damaged)?;
        Ok(Reservation {
            id: self.id.0,
            resource_id: self.resource_id.0,
            user_id: self.user_id.0,
            slot: Slot { starts_at: self.starts_at.0, ends_at: self.ends_at.0 },
            purpose: self.purpose,
            status,
            series_id: self.series_id.map(Uuid::from),
            program_id: self.program_id.map(Uuid::from),
            participants,
            created_by: self.created_by.0,
            cancelled_late: self.cancelled_late,
            cancel_reason: self.cancel_reason,
            version: self.version,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

fn participants(value: Value) -> Result<Vec<Uuid>, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

pub(super) fn read(rows: Vec<Row>) -> Result<Vec<Reservation>, database::Error> {
    rows.into_iter().map(Row::reservation).collect()
}

/// The reservation with this id.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<Reservation, Error> {
    let row =
        reservations::table.find(Id(id)).get_result::<Row>(connection).optional().map_err(database::Error::from)?;
    Ok(row.ok_or(Error::NotFound)?.reservation()?)
}

/// Locks the reservation's resource and reads the reservation.
pub(super) fn load(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    expected_version: Option<i64>,
) -> Result<Reservation, Error> {
    // A reservation never changes its resource, so which lock to take can be read before it is taken.
    let resource_id = find(transaction.connection(), id)?.resource_id;
    database::lock(transaction, &[resource_id])?;
    let reservation = find(transaction.connection(), id)?;
    match expected_version {
        Some(expected) if expected != reservation.version => Err(Error::VersionStale { current: reservation.version }),
        _ => Ok(reservation),
    }
}

/// Inserts new reservations.
pub(super) fn insert(transaction: &mut Transaction<'_>, new: &[Reservation]) -> Result<(), database::Error> {
    let rows: Vec<Row> = new.iter().map(Row::of).collect();
    insert_rows!(transaction, reservations::table, &rows)
}

/// Inserts very many new reservations.
pub(super) fn insert_bulk(transaction: &mut Transaction<'_>, new: &[Reservation]) -> Result<(), database::Error> {
    let rows: Vec<Row> = new.iter().map(Row::of).collect();
    bulk_rows!(transaction, reservations::table, &rows)
}

/// Saves a changed reservation.
pub(super) fn save(transaction: &mut Transaction<'_>, reservation: &Reservation) -> Result<(), database::Error> {
    diesel::update(reservations::table.find(Id(reservation.id)))
        .set(Row::of(reservation))
        .execute(transaction.connection())?;
    Ok(())
}

pub(super) fn live_words() -> Vec<&'static str> {
    ReservationStatus::ALL.into_iter().filter(|status| status.is_live()).map(ReservationStatus::word).collect()
}

/// How many live reservations a user has that begin within `week`.
pub(super) fn live_in_week(
    transaction: &mut Transaction<'_>,
    user_id: Uuid,
    week: Slot,
    except: Option<Uuid>,
) -> Result<i64, database::Error> {
    each_engine!(transaction.connection(), connection => {
        Ok(reservations::table
            .filter(reservations::user_id.eq(Id(user_id)))
            .filter(reservations::starts_at.ge(Instant(week.starts_at)))
            .filter(reservations::starts_at.lt(Instant(week.ends_at)))
            .filter(reservations::status.eq_any(live_words()))
            .filter(reservations::id.ne(Id(except.unwrap_or(Uuid::nil()))))
            .count()
            .get_result(connection)?)
    })
}

/// The live reservations of a resource that end after `after`, in the order of time.
pub(super) fn live_after(
    transaction: &mut Transaction<'_>,
    resource_id: Uuid,
    after: DateTime<Utc>,
) -> Result<Vec<Reservation>, database::Error> {
    let rows: Vec<Row> = each_engine!(transaction.connection(), connection => {
        reservations::table
            .filter(reservations::resource_id.eq(Id(resource_id)))
            .filter(reservations::ends_at.gt(Instant(after)))
            .filter(reservations::status.eq_any(live_words()))
            .order(reservations::starts_at)
            .load(connection)
    })?;
    read(rows)
}

/// The first live reservations of a user that end after `after`, in the order of time.
pub(super) fn live_of_user(
    connection: &mut DatabaseConnection,
    user_id: Uuid,
    after: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Reservation>, database::Error> {
    let rows: Vec<Row> = each_engine!(connection, connection => {
        reservations::table
            .filter(reservations::user_id.eq(Id(user_id)))
            .filter(reservations::ends_at.gt(Instant(after)))
            .filter(reservations::status.eq_any(live_words()))
            .order((reservations::starts_at, reservations::id))
            .limit(i64::try_from(most).unwrap_or(i64::MAX))
            .load(connection)
    })?;
    read(rows)
}

/// Those of the ids that are stored already.
pub(super) fn stored(transaction: &mut Transaction<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, database::Error> {
    let ids: Vec<Id> = ids.iter().copied().map(Id).collect();
    let found: Vec<Id> = each_engine!(transaction.connection(), connection => {
        reservations::table.filter(reservations::id.eq_any(&ids)).select(reservations::id).load(connection)
    })?;
    Ok(found.into_iter().map(Uuid::from).collect())
}

/// The reservations of a series, in the order of time.
pub(super) fn of_series(
    connection: &mut DatabaseConnection,
    series_id: Uuid,
) -> Result<Vec<Reservation>, database::Error> {
    let rows = reservations::table
        .filter(reservations::series_id.eq(Id(series_id)))
        .order(reservations::starts_at)
        .load::<Row>(connection)?;
    read(rows)
}
