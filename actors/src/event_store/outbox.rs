//! Events on their way to the transport.

use amqp::Envelope;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use super::append::{EVENT_COLUMNS, EventRow, envelope};
use super::schema::{events, outbox};
use crate::database::sql_types::{Instant, SqlInstant};
use crate::database::{DatabaseConnection, Error, Transaction, each_engine, lock};

/// How long a claim holds when the process that made it dies.
pub const CLAIM: TimeDelta = TimeDelta::seconds(5);
/// Serialises claims, so that a second process never takes an aggregate's later event past its earlier one.
const CLAIM_LOCK: Uuid = Uuid::from_u128(0x626f_6f6b_6c79_0000_0000_0000_0000_0001);

/// An event that is to be published.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its position in the store.
    pub position: i64,
    /// How often publishing it has failed.
    pub attempts: i32,
    /// The event.
    pub envelope: Envelope,
}

/// What became of publishing an event.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The event's position.
    pub position: i64,
    /// When to try again.
    pub due_at: DateTime<Utc>,
    /// Why it failed.
    pub error: String,
}

/// Claims up to `limit` events that are due, in order, leaving out every event behind an earlier one of its aggregate
/// that is claimed or waits for its next attempt.
///
/// # Errors
/// When a statement fails.
pub fn claim(transaction: &mut Transaction<'_>, now: DateTime<Utc>, limit: i64) -> Result<Vec<Outgoing>, Error> {
    lock(transaction, &[CLAIM_LOCK])?;
    let claimed: Vec<Claimed> = diesel::sql_query(
        "UPDATE outbox SET claimed_until = $1 WHERE position IN (
            SELECT o.position FROM outbox o
            WHERE o.due_at <= $2 AND (o.claimed_until IS NULL OR o.claimed_until < $2)
              AND NOT EXISTS (
                SELECT 1 FROM outbox earlier
                WHERE earlier.aggregate_id = o.aggregate_id AND earlier.position < o.position
                  AND (earlier.due_at > $2 OR earlier.claimed_until >= $2))
            ORDER BY o.position LIMIT $3)
         RETURNING position, attempts",
    )
    .bind::<SqlInstant, _>(Instant(now + CLAIM))
    .bind::<SqlInstant, _>(Instant(now))
    .bind::<BigInt, _>(limit)
    .load(transaction.connection())?;
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let positions: Vec<i64> = claimed.iter().map(|row| row.position).collect();
    let rows: Vec<EventRow> = each_engine!(transaction.connection(), connection => {
        events::table.filter(events::position.eq_any(&positions)).order(events::position)
            .select(EVENT_COLUMNS).load(connection)
    })?;
    let attempts: std::collections::HashMap<i64, i32> =
        claimed.into_iter().map(|row| (row.position, row.attempts)).collect();
    rows.into_iter()
        .map(|row| {
            let (position, envelope) = envelope(row)?;
            Ok(Outgoing { position, attempts: attempts.get(&position).copied().unwrap_or(0), envelope })
        })
        .collect()
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    attempts: i32,
}

/// Takes confirmed events out, and puts failed ones back for later.
///
/// # Errors
/// When a statement fails.
pub fn settle(transaction: &mut Transaction<'_>, confirmed: &[i64], failed: &[Failure]) -> Result<(), Error> {
    for chunk in confirmed.chunks(1_000) {
        each_engine!(transaction.connection(), connection => {
            diesel::delete(outbox::table.filter(outbox::position.eq_any(chunk))).execute(connection)
        })?;
    }
    for Failure { position, due_at, error } in failed {
        diesel::update(outbox::table.find(position))
            .set((
                outbox::attempts.eq(outbox::attempts + 1),
                outbox::due_at.eq(Instant(*due_at)),
                outbox::claimed_until.eq(None::<Instant>),
                outbox::last_error.eq(Some(error)),
            ))
            .execute(transaction.connection())?;
    }
    Ok(())
}

/// Gives claims back, for events behind a failed one and for a relay that stops.
///
/// # Errors
/// When the statement fails.
pub fn release(transaction: &mut Transaction<'_>, positions: &[i64]) -> Result<(), Error> {
    if positions.is_empty() {
        return Ok(());
    }
    each_engine!(transaction.connection(), connection => {
        diesel::update(outbox::table.filter(outbox::position.eq_any(positions)))
            .set(outbox::claimed_until.eq(None::<Instant>))
            .execute(connection)
    })?;
    Ok(())
}

/// Holds claims for another while.
///
/// # Errors
/// When the statement fails.
pub fn renew(transaction: &mut Transaction<'_>, positions: &[i64], now: DateTime<Utc>) -> Result<(), Error> {
    each_engine!(transaction.connection(), connection => {
        diesel::update(outbox::table.filter(outbox::position.eq_any(positions)))
            .set(outbox::claimed_until.eq(Some(Instant(now + CLAIM))))
            .execute(connection)
    })?;
    Ok(())
}

/// Gives every claim back: for the only process on a database, at its start.
///
/// # Errors
/// When the statement fails.
pub fn release_all(transaction: &mut Transaction<'_>) -> Result<(), Error> {
    diesel::update(outbox::table).set(outbox::claimed_until.eq(None::<Instant>)).execute(transaction.connection())?;
    Ok(())
}

/// What waits in the outbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events not confirmed yet.
    pub waiting: i64,
    /// When the next one may be claimed: the earliest that no earlier one of its aggregate holds up.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Events whose publishing has failed at least once.
    pub failing: i64,
    /// The error of one of those.
    pub last_error: Option<String>,
}

/// What waits in the outbox.
///
/// # Errors
/// When the query fails.
pub fn backlog(connection: &mut DatabaseConnection) -> Result<Backlog, Error> {
    let waiting: i64 = outbox::table.count().get_result(connection)?;
    if waiting == 0 {
        return Ok(Backlog::default());
    }
    let failing = outbox::table.filter(outbox::attempts.gt(0));
    let last_error = failing.select(outbox::last_error).first::<Option<String>>(connection).optional()?.flatten();
    let failing = failing.count().get_result(connection)?;
    Ok(Backlog { waiting, next_due_at: next_due_at(connection)?, failing, last_error })
}

fn next_due_at(connection: &mut DatabaseConnection) -> Result<Option<DateTime<Utc>>, Error> {
    let due: Due = diesel::sql_query(
        "SELECT min(CASE WHEN claimed_until > due_at THEN claimed_until ELSE due_at END) AS at FROM outbox o
         WHERE NOT EXISTS (
            SELECT 1 FROM outbox earlier WHERE earlier.aggregate_id = o.aggregate_id AND earlier.position < o.position)",
    )
    .get_result(connection)?;
    Ok(due.at.map(|at| at.0))
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = diesel::sql_types::Nullable<SqlInstant>)]
    at: Option<Instant>,
}
