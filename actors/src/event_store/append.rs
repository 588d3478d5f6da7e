//! Writing events.

use amqp::Envelope;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;
use uuid::Uuid;

use super::schema::{events, outbox};
use super::{AggregateEvent, Origin};
use crate::database::sql_types::{Id, Instant, Json, SqlId, SqlInstant, SqlJson};
use crate::database::{
    Bind, DatabaseConnection, Error, Parameter, Prepared, Transaction, all_inserted, each_engine, insert_rows,
};

/// An event that a command decided on, with the version that it gives its aggregate.
#[derive(Debug, Clone)]
pub struct Recorded<E> {
    /// The aggregate's version after the event.
    pub version: i64,
    /// The event.
    pub event: E,
}

#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub(super) struct NewEvent {
    event_id: Id,
    event_type: &'static str,
    service: &'static str,
    aggregate_type: &'static str,
    aggregate_id: Id,
    version: i64,
    recorded_at: Instant,
    data: Json,
    metadata: Json,
}

impl NewEvent {
    /// The row of an event that happened `at` and has this identifier.
    pub(super) fn of<E: AggregateEvent>(
        event_id: Uuid,
        version: i64,
        at: DateTime<Utc>,
        event: &E,
        metadata: Value,
    ) -> Self {
        Self {
            event_id: Id(event_id),
            event_type: event.event_type(),
            service: event.producer().wire_name(),
            aggregate_type: event.aggregate_type(),
            aggregate_id: Id(event.aggregate_id()),
            version,
            recorded_at: Instant(at),
            data: Json(event.data()),
            metadata: Json(metadata),
        }
    }
}

/// Appends one event; see [`append`].
///
/// # Errors
/// As [`append`].
pub fn append_one<E: AggregateEvent>(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    version: i64,
    event: E,
) -> Result<(), Error> {
    append(transaction, origin, &[Recorded { version, event }]).map(drop)
}

/// Appends events, and their outbox rows, in the caller's transaction.
///
/// # Errors
/// [`Error::Constraint`] `events_aggregate_id_version_key` when another writer was faster: the caller did not lock.
pub fn append<E: AggregateEvent>(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    recorded: &[Recorded<E>],
) -> Result<Vec<Uuid>, Error> {
    let metadata = serde_json::to_value(origin.metadata()).map_err(|error| Error::Damaged(error.to_string()))?;
    let rows: Vec<NewEvent> = recorded
        .iter()
        .map(|Recorded { version, event }| {
            NewEvent::of(origin.ids.next(), *version, origin.now, event, metadata.clone())
        })
        .collect();
    match (rows.as_slice(), transaction.connection()) {
        ([row], DatabaseConnection::Postgres(connection)) => all_inserted(1, append_with_outbox(connection, row))?,
        ([row], DatabaseConnection::Sqlite(connection)) => all_inserted(1, append_then_outbox(connection, row))?,
        _ => {
            insert_rows!(transaction, events::table, &rows)?;
            for chunk in rows.chunks(1_000) {
                enqueue(transaction, &chunk.iter().map(|row| row.event_id).collect::<Vec<_>>())?;
            }
        }
    }
    transaction.mark_appended(rows.len());
    if let Some(invalidation) = transaction.invalidation() {
        for (Recorded { event, .. }, row) in recorded.iter().zip(&rows) {
            invalidation.raised(event.producer(), row.event_id.0, row.event_type, &row.data.0);
        }
    }
    Ok(rows.iter().map(|row| row.event_id.0).collect())
}

/// Inserts an event and its outbox row with one statement, which stays prepared.
fn append_with_outbox(connection: &mut PgConnection, row: &NewEvent) -> QueryResult<usize> {
    const TEXT: &str = "WITH appended AS (INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, \
        version, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
        RETURNING position, aggregate_id, recorded_at) INSERT INTO outbox (position, aggregate_id, due_at) \
        SELECT position, aggregate_id, recorded_at FROM appended";
    let (event_id, aggregate_id) =
        (Parameter::<SqlId, _>::new(row.event_id), Parameter::<SqlId, _>::new(row.aggregate_id));
    let [event_type, service, aggregate_type] =
        [row.event_type, row.service, row.aggregate_type].map(Parameter::<Text, _>::new);
    let (version, at) = (Parameter::<BigInt, _>::new(row.version), Parameter::<SqlInstant, _>::new(row.recorded_at));
    let [data, metadata] = [&row.data, &row.metadata].map(Parameter::<SqlJson, _>::new);
    let parameters: [&dyn Bind<Pg>; 9] =
        [&event_id, &event_type, &service, &aggregate_type, &aggregate_id, &version, &at, &data, &metadata];
    Prepared::<_, ()>::new(TEXT, &parameters).execute(connection)
}

/// Inserts an event and then its outbox row, with statements that stay prepared. An event's position is its row's number.
fn append_then_outbox(connection: &mut SqliteConnection, row: &NewEvent) -> QueryResult<usize> {
    const TEXT: &str = "INSERT INTO outbox (position, aggregate_id, due_at) VALUES (last_insert_rowid(), ?, ?)";
    diesel::insert_into(events::table).values(row).execute(connection)?;
    let aggregate_id = Parameter::<SqlId, _>::new(row.aggregate_id);
    let due_at = Parameter::<SqlInstant, _>::new(row.recorded_at);
    Prepared::<_, ()>::new(TEXT, &[&aggregate_id, &due_at]).execute(connection)
}

fn enqueue(transaction: &mut Transaction<'_>, ids: &[Id]) -> Result<(), Error> {
    let written = each_engine!(transaction.connection(), connection => {
        events::table
            .filter(events::event_id.eq_any(ids))
            .order(events::position)
            .select((events::position, events::aggregate_id, events::recorded_at))
            .insert_into(outbox::table)
            .into_columns((outbox::position, outbox::aggregate_id, outbox::due_at))
            .execute(connection)
    });
    all_inserted(ids.len(), written)
}

/// A stored event as it travels.
pub(super) type EventRow = (i64, Id, String, String, String, Id, i64, Instant, Json, Json);

/// The columns of [`EventRow`].
pub(super) const EVENT_COLUMNS: (
    events::position,
    events::event_id,
    events::event_type,
    events::service,
    events::aggregate_type,
    events::aggregate_id,
    events::version,
    events::recorded_at,
    events::data,
    events::metadata,
) = (
    events::position,
    events::event_id,
    events::event_type,
    events::service,
    events::aggregate_type,
    events::aggregate_id,
    events::version,
    events::recorded_at,
    events::data,
    events::metadata,
);

pub(super) fn envelope(row: EventRow) -> Result<(i64, Envelope), Error> {
    let (position, event_id, event_type, service, aggregate_type, aggregate_id, version, at, data, metadata) = row;
    let metadata = serde_json::from_value(metadata.0)
        .map_err(|error| Error::Damaged(format!("metadata of event {}: {error}", event_id.0)))?;
    let envelope = Envelope {
        event_id: event_id.0,
        event_type,
        service,
        timestamp: at.0,
        aggregate_id: aggregate_id.0,
        aggregate_type,
        version,
        data: data.0,
        metadata,
    };
    Ok((position, envelope))
}
