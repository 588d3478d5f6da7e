//! Rows of the projections.

use amqp::events::ReservationCreated;
use diesel::prelude::*;
use uuid::Uuid;

use crate::database::sql_types::{Id, Instant};
use crate::database::{self, Transaction, bulk_rows};

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
#[diesel(table_name = report_reservations, treat_none_as_default_value = false)]
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

impl Row {
    /// The registration of a reservation of which only its creation is known.
    pub(super) fn created(event: &ReservationCreated, version: i64) -> Self {
        Self {
            reservation_id: Id(event.reservation_id),
            resource_id: Id(event.resource_id),
            user_id: Id(event.user_id),
            starts_at: Instant(event.start_time),
            ends_at: Instant(event.end_time),
            cancelled: false,
            late: false,
            version,
        }
    }
}

/// Registers very many reservations, each known by its creation alone: for an installation that is filled.
///
/// # Errors
/// When a statement fails.
pub(crate) fn insert_bulk<'a>(
    transaction: &mut Transaction<'_>,
    created: impl Iterator<Item = &'a ReservationCreated>,
) -> Result<(), database::Error> {
    let rows: Vec<Row> = created.map(|event| Row::created(event, 1)).collect();
    bulk_rows!(transaction, report_reservations::table, &rows)
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
