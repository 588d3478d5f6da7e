//! Rows of the projections.

use diesel::prelude::*;
use uuid::Uuid;

use crate::database::sql_types::{Id, Instant};
use crate::database::{self, Transaction};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    report_reservations (reservation_id) {
        reservation_id -> SqlId,
        resource_id -> SqlId,
        user_id -> SqlId,
        starts_at -> SqlInstant,
        ends_at -> SqlInstant,
        cancelled -> Bool,
        late -> Bool,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    report_conflicts (conflict_id) {
        conflict_id -> SqlId,
        resource_id -> SqlId,
        detected_at -> SqlInstant,
        reservations -> Integer,
    }
}

/// A registered reservation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = report_reservations)]
pub(super) struct Row {
    pub reservation_id: Id,
    pub resource_id: Id,
    pub user_id: Id,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub cancelled: bool,
    pub late: bool,
    pub version: i64,
}

pub(super) fn find(transaction: &mut Transaction<'_>, id: Uuid) -> Result<Option<Row>, database::Error> {
    Ok(report_reservations::table.find(Id(id)).first(transaction.connection()).optional()?)
}

pub(super) fn insert(transaction: &mut Transaction<'_>, row: Row) -> Result<(), database::Error> {
    diesel::insert_into(report_reservations::table).values(row).execute(transaction.connection())?;
    Ok(())
}

pub(super) fn save(transaction: &mut Transaction<'_>, row: Row) -> Result<(), database::Error> {
    diesel::update(report_reservations::table.find(row.reservation_id)).set(row).execute(transaction.connection())?;
    Ok(())
}
