//! Reading events back.

use amqp::Envelope;
use diesel::prelude::*;
use uuid::Uuid;

use super::append::{EVENT_COLUMNS, EventRow, envelope};
use super::schema::events;
use crate::database::sql_types::Id;
use crate::database::{DatabaseConnection, Error};

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only those of this type.
    pub event_type: Option<String>,
    /// Only those of this aggregate.
    pub aggregate_id: Option<Uuid>,
    /// Only those behind this position.
    pub after: i64,
    /// At most this many.
    pub limit: i64,
}

/// An event with its place in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its position: grows with every event, with gaps.
    pub position: i64,
    /// The event.
    pub envelope: Envelope,
}

/// Events in the order of their positions. On PostgreSQL the list ends before the first transaction that is still
/// open, so that a reader who goes on from the last position it saw never misses one that commits late.
///
/// # Errors
/// When the query fails.
pub fn list(connection: &mut DatabaseConnection, filter: &EventFilter) -> Result<Vec<StoredEvent>, Error> {
    let mut query = events::table
        .filter(events::position.gt(filter.after))
        .order(events::position)
        .limit(filter.limit)
        .select(EVENT_COLUMNS)
        .into_boxed();
    if let Some(event_type) = &filter.event_type {
        query = query.filter(events::event_type.eq(event_type.clone()));
    }
    if let Some(aggregate_id) = filter.aggregate_id {
        query = query.filter(events::aggregate_id.eq(Id(aggregate_id)));
    }
    if matches!(connection, DatabaseConnection::Postgres(_)) {
        query = query.filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "events.transaction_id < pg_snapshot_xmin(pg_current_snapshot())",
        ));
    }
    let rows = query.load::<EventRow>(connection)?;
    rows.into_iter()
        .map(envelope)
        .map(|row| row.map(|(position, envelope)| StoredEvent { position, envelope }))
        .collect()
}

/// The whole history of an aggregate, first version first.
///
/// # Errors
/// When the query fails.
pub fn events_of(connection: &mut DatabaseConnection, aggregate_id: Uuid) -> Result<Vec<Envelope>, Error> {
    let rows = events::table
        .filter(events::aggregate_id.eq(Id(aggregate_id)))
        .order(events::version)
        .select(EVENT_COLUMNS)
        .load::<EventRow>(connection)?;
    rows.into_iter().map(envelope).map(|row| row.map(|(_, envelope)| envelope)).collect()
}
