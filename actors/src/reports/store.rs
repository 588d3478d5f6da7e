//! Rows of the projections.

use std::collections::{BTreeMap, BTreeSet};

use amqp::Envelope;
use amqp::events::ReservationCreated;
use diesel::prelude::*;
use diesel::upsert::excluded;
use uuid::Uuid;

use crate::database::sql_types::{Id, Instant};
use crate::database::{self, Transaction, bulk_rows, each_engine};
use crate::wiring::HandlingError;

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
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
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

/// Changes the rows of reservations by events of theirs, each given with its reservation. An event that a row shows
/// already changes nothing.
///
/// # Errors
/// What `apply` returns; that a reservation has no row; a failed statement.
pub(super) fn change<E>(
    transaction: &mut Transaction<'_>,
    events: &[(&Envelope, Uuid, E)],
    apply: impl Fn(&mut Row, &E) -> Result<(), HandlingError>,
) -> Result<(), HandlingError> {
    let ids: Vec<Id> = events.iter().map(|(_, id, _)| Id(*id)).collect();
    let mut rows = find(transaction, &ids)?;
    let mut changed = BTreeSet::new();
    for (envelope, id, event) in events {
        let row = rows.get_mut(&Id(*id)).ok_or_else(|| unregistered(envelope))?;
        if row.version < envelope.version {
            apply(row, event)?;
            row.version = envelope.version;
            changed.insert(row.reservation_id);
        }
    }
    rows.retain(|id, _| changed.contains(id));
    let rows: Vec<Row> = rows.into_values().collect();
    Ok(save(transaction, &rows)?)
}

/// The creation of the event's reservation has not arrived yet: the event comes again.
fn unregistered(envelope: &Envelope) -> HandlingError {
    HandlingError::Refused(format!("the creation of reservation {} has not arrived yet", envelope.aggregate_id))
}

fn find(transaction: &mut Transaction<'_>, ids: &[Id]) -> Result<BTreeMap<Id, Row>, database::Error> {
    let rows: Vec<Row> = each_engine!(transaction.connection(), connection => {
        report_reservations::table.filter(report_reservations::reservation_id.eq_any(ids)).load(connection)
    })?;
    Ok(rows.into_iter().map(|row| (row.reservation_id, row)).collect())
}

/// Inserts rows, save for those that are there already.
pub(super) fn insert_missing(transaction: &mut Transaction<'_>, mut rows: Vec<Row>) -> Result<(), database::Error> {
    // In one order for everybody: two who insert the same rows must not wait for each other.
    rows.sort_unstable_by_key(|row| row.reservation_id);
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(report_reservations::table).values(&rows).on_conflict_do_nothing().execute(connection)
    })?;
    Ok(())
}

/// Writes rows over those that are there.
fn save(transaction: &mut Transaction<'_>, rows: &[Row]) -> Result<(), database::Error> {
    use report_reservations as row;
    if rows.is_empty() {
        return Ok(());
    }
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(row::table)
            .values(rows)
            .on_conflict(row::reservation_id)
            .do_update()
            .set((
                row::resource_id.eq(excluded(row::resource_id)),
                row::user_id.eq(excluded(row::user_id)),
                row::starts_at.eq(excluded(row::starts_at)),
                row::ends_at.eq(excluded(row::ends_at)),
                row::cancelled.eq(excluded(row::cancelled)),
                row::late.eq(excluded(row::late)),
                row::version.eq(excluded(row::version)),
            ))
            .execute(connection)
    })?;
    Ok(())
}
