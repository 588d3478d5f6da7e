//! Writing the events of a past that is made up: of an installation that is filled rather than lived in.

use amqp::{Metadata, catalogue};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::AggregateEvent;
use super::append::NewEvent;
use super::schema::{events, inbox};
use crate::database::sql_types::{Id, Instant};
use crate::database::{DatabaseConnection, Error, Transaction, bulk_rows};

/// An event that happened, with its marks.
#[derive(Debug, Clone)]
pub(crate) struct Past<E> {
    /// Its identifier.
    pub event_id: Uuid,
    /// The aggregate's version after it.
    pub version: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Where it came from.
    pub metadata: Metadata,
    /// The event.
    pub event: E,
}

#[derive(Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
struct Handled {
    consumer: &'static str,
    event_id: Id,
    handled_at: Instant,
}

/// Writes events that every consumer has handled: they stand in its inbox, and none is in the outbox. Whoever calls this
/// writes the consumers' projections in the same transaction.
///
/// # Errors
/// When a statement fails.
pub(crate) fn insert_past<E: AggregateEvent>(transaction: &mut Transaction<'_>, past: &[Past<E>]) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(past.len());
    let mut handled = Vec::with_capacity(past.len());
    for Past { event_id, version, at, metadata, event } in past {
        let metadata = serde_json::to_value(metadata).map_err(|error| Error::Damaged(error.to_string()))?;
        rows.push(NewEvent::of(*event_id, *version, *at, event, metadata));
        let consumers = catalogue::find(event.event_type()).map_or(&[][..], |entry| entry.consumers);
        handled.extend(consumers.iter().map(|consumer| Handled {
            consumer: consumer.name(),
            event_id: Id(*event_id),
            handled_at: Instant(*at),
        }));
    }
    bulk_rows!(transaction, events::table, &rows)?;
    bulk_rows!(transaction, inbox::table, &handled)
}

/// Whether nothing has ever happened here.
///
/// # Errors
/// When the query fails.
pub(crate) fn is_empty(connection: &mut DatabaseConnection) -> Result<bool, Error> {
    Ok(events::table.select(events::position).first::<i64>(connection).optional()?.is_none())
}
