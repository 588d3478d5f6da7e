//! What each consumer has handled.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use uuid::Uuid;

use super::schema::inbox;
use crate::database::sql_types::{Id, Instant, SqlId, SqlInstant};
use crate::database::{DatabaseConnection, Error, Parameter, Prepared, Transaction, each_engine};

/// Notes that `consumer` handles the event in this transaction; `false` when it already has, and nothing is to be done.
///
/// # Errors
/// When the statement fails.
pub fn claim(
    transaction: &mut Transaction<'_>,
    consumer: &str,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let row = (inbox::consumer.eq(consumer), inbox::event_id.eq(Id(event_id)), inbox::handled_at.eq(Instant(now)));
    let written = each_engine!(transaction.connection(), connection => {
        diesel::insert_into(inbox::table).values(row).on_conflict_do_nothing().execute(connection)
    })?;
    Ok(written == 1)
}

/// The same for many events: those that `consumer` handles in this transaction. The others it has handled already.
///
/// # Errors
/// When a statement fails.
pub fn claim_many(
    transaction: &mut Transaction<'_>,
    consumer: &str,
    event_ids: impl Iterator<Item = Uuid>,
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>, Error> {
    let mut event_ids: Vec<Uuid> = event_ids.collect();
    // In one order for everybody: two who claim the same events must not wait for each other.
    event_ids.sort_unstable();
    event_ids.dedup();
    let DatabaseConnection::Postgres(connection) = transaction.connection() else {
        let mut claimed = HashSet::with_capacity(event_ids.len());
        for id in event_ids {
            if claim(transaction, consumer, id, now)? {
                claimed.insert(id);
            }
        }
        return Ok(claimed);
    };
    let insert = "INSERT INTO inbox (consumer, event_id, handled_at)
         SELECT ?, event_id, ? FROM unnest(?) AS event_id
         ON CONFLICT DO NOTHING RETURNING event_id";
    let (consumer, at) = (Parameter::<Text, _>::new(consumer), Parameter::<SqlInstant, _>::new(Instant(now)));
    let ids = Parameter::<Array<SqlId>, _>::new(event_ids.into_iter().map(Id).collect::<Vec<_>>());
    let claimed: Vec<Id> = Prepared::<_, SqlId>::new(insert, &[&consumer, &at, &ids]).load(connection)?;
    Ok(claimed.into_iter().map(|id| id.0).collect())
}
