//! Events on their way to the transport.

use std::collections::HashMap;
use std::sync::LazyLock;

use amqp::Envelope;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};
use uuid::Uuid;

use super::append::{EVENT_COLUMNS, EventRow, envelope};
use super::schema::{events, outbox};
use crate::database::sql_types::{Id, Instant, SqlInstant};
use crate::database::{DatabaseConnection, Error, Parameter, Prepared, Transaction, each_engine};

/// How long a claim holds when the process that made it dies.
pub const CLAIM: TimeDelta = TimeDelta::seconds(3);
/// When an event that was set aside is due: never by itself.
const NEVER: DateTime<Utc> = DateTime::from_timestamp(253_370_764_800, 0).expect("the year 9999 is in range");

/// The write transaction is SQLite's lock; on PostgreSQL the rows are locked.
static CLAIMING: LazyLock<String> = LazyLock::new(|| claiming("", "IN (", ")"));
pub(super) static CLAIMING_BESIDE_OTHERS: LazyLock<String> =
    LazyLock::new(|| claiming("FOR UPDATE OF o SKIP LOCKED", "= ANY (ARRAY(", "))"));

/// PostgreSQL often believes the outbox to be empty, which it mostly is, and then any plan seems good to it. So there must be no
/// bad one: it is asked row by row, because joins may read the whole outbox for each claim or even for each row; of an
/// aggregate only the first event is looked at, and the first that is not claimed, because an aggregate may have a pile of
/// its own; and `+ 0` names the expression in the index of aggregates, so that those are not sought among the events of all.
fn claiming(passing_over: &str, among: &str, end: &str) -> String {
    format!(
        "WITH free AS MATERIALIZED (
            SELECT o.position, o.aggregate_id FROM outbox o
            WHERE o.due_at <= ? AND (o.claimed_until IS NULL OR o.claimed_until < ?)
              AND (
                SELECT first.due_at <= ? AND (first.claimed_until IS NULL OR first.claimed_until < ?) FROM outbox first
                WHERE first.aggregate_id = o.aggregate_id ORDER BY first.position + 0 LIMIT 1)
            ORDER BY o.position LIMIT ? {passing_over}),
         numbered AS (
            SELECT position, aggregate_id, row_number() OVER (PARTITION BY aggregate_id ORDER BY position) AS number FROM free),
         bounded AS (
            SELECT position, min(CASE WHEN number = 1 THEN (
                SELECT other.position FROM outbox other
                WHERE other.aggregate_id = numbered.aggregate_id AND other.position NOT IN (SELECT position FROM free)
                ORDER BY other.position + 0 LIMIT 1) END) OVER (PARTITION BY aggregate_id) AS bound FROM numbered)
         UPDATE outbox SET claimed_until = ?, claims = claims + 1 WHERE position {among}
            SELECT position FROM bounded WHERE bound IS NULL OR position < bound{end}
         RETURNING position, attempts, claims, last_error IS NOT NULL"
    )
}

/// An event that is to be published.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its position in the store.
    pub position: i64,
    /// How often publishing it has failed through its own fault.
    pub attempts: i32,
    /// Whether an earlier claimant died before it could tell what became of the event.
    pub repeated: bool,
    /// Whether it has failed before.
    pub troubled: bool,
    /// The event.
    pub envelope: Envelope,
}

/// What became of publishing an event.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The event's position.
    pub position: i64,
    /// When to try again; `None` when only an operator may.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether the event itself is to blame, so that this counts as one of its attempts.
    pub blames_event: bool,
    /// Why it failed.
    pub error: String,
}

/// Claims up to `limit` events that are due, in order, leaving out every aggregate whose first event is claimed or waits for
/// its next attempt.
///
/// Rows that another process is busy with are passed over, not waited for. That alone could take an event past an
/// earlier one of its aggregate, so only those are claimed whose predecessors are claimed here as well.
///
/// # Errors
/// When a statement fails.
pub fn claim(transaction: &mut Transaction<'_>, now: DateTime<Utc>, limit: i64) -> Result<Vec<Outgoing>, Error> {
    let text = match transaction.connection() {
        DatabaseConnection::Postgres(_) => &*CLAIMING_BESIDE_OTHERS,
        DatabaseConnection::Sqlite(_) => &*CLAIMING,
    };
    let (at, until) =
        (Parameter::<SqlInstant, _>::new(Instant(now)), Parameter::<SqlInstant, _>::new(Instant(now + CLAIM)));
    let limit = Parameter::<BigInt, _>::new(limit);
    let claimed: Vec<(i64, i32, i32, bool)> = each_engine!(transaction.connection(), connection => {
        Prepared::<_, (BigInt, Integer, Integer, Bool)>::new(text, &[&at, &at, &at, &at, &limit, &until]).load(connection)
    })?;
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let positions: Vec<i64> = claimed.iter().map(|(position, ..)| *position).collect();
    let rows: Vec<EventRow> = each_engine!(transaction.connection(), connection => {
        events::table.filter(events::position.eq_any(&positions)).order(events::position)
            .select(EVENT_COLUMNS).load(connection)
    })?;
    let claimed: HashMap<i64, (i32, i32, bool)> = claimed
        .into_iter()
        .map(|(position, attempts, claims, troubled)| (position, (attempts, claims, troubled)))
        .collect();
    rows.into_iter()
        .map(|row| {
            let (position, envelope) = envelope(row)?;
            let claim = claimed.get(&position);
            let &(attempts, claims, troubled) =
                claim.ok_or_else(|| Error::Damaged(format!("event {position} was not claimed")))?;
            Ok(Outgoing { position, attempts, repeated: claims > 1, troubled, envelope })
        })
        .collect()
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
    for Failure { position, due_at, blames_event, error } in failed {
        diesel::update(outbox::table.find(position))
            .set((
                outbox::attempts.eq(outbox::attempts + i32::from(*blames_event)),
                outbox::due_at.eq(Instant(due_at.unwrap_or(NEVER))),
                outbox::claimed_until.eq(None::<Instant>),
                outbox::claims.eq(0),
                outbox::last_error.eq(Some(error)),
            ))
            .execute(transaction.connection())?;
    }
    Ok(())
}

/// Makes an event that was set aside due again, with all its attempts before it.
///
/// # Errors
/// When the statement fails.
pub fn retry_now(transaction: &mut Transaction<'_>, event_id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    if let Some(position) = position_of(transaction.connection(), event_id)? {
        diesel::update(outbox::table.find(position))
            .set((outbox::attempts.eq(0), outbox::due_at.eq(Instant(now))))
            .execute(transaction.connection())?;
        transaction.mark_appended(1);
    }
    Ok(())
}

/// Takes an event out that is not to be published.
///
/// # Errors
/// When the statement fails.
pub fn discard(transaction: &mut Transaction<'_>, event_id: Uuid) -> Result<(), Error> {
    if let Some(position) = position_of(transaction.connection(), event_id)? {
        diesel::delete(outbox::table.find(position)).execute(transaction.connection())?;
        transaction.mark_appended(1);
    }
    Ok(())
}

fn position_of(connection: &mut DatabaseConnection, event_id: Uuid) -> Result<Option<i64>, Error> {
    let found = events::table.filter(events::event_id.eq(Id(event_id))).select(events::position);
    Ok(found.get_result(connection).optional()?)
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
            .set((outbox::claimed_until.eq(None::<Instant>), outbox::claims.eq(0)))
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

/// Ends every claim: for the only process on a database, at its start. That they were made stays known.
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

/// The same, without when the next one may be claimed.
///
/// # Errors
/// When the query fails.
pub fn waiting(connection: &mut DatabaseConnection) -> Result<Backlog, Error> {
    let waiting: i64 = outbox::table.count().get_result(connection)?;
    let failing = outbox::table.filter(outbox::attempts.gt(0)).count().get_result(connection)?;
    Ok(Backlog { waiting, failing, ..Backlog::default() })
}

/// Of each aggregate only the first event is looked for: an aggregate may have a pile of its own.
pub(super) const NEXT_DUE: &str = "
    SELECT min(CASE WHEN o.claimed_until > o.due_at THEN o.claimed_until ELSE o.due_at END) AS at FROM outbox o
    WHERE o.position = (
        SELECT first.position FROM outbox first WHERE first.aggregate_id = o.aggregate_id ORDER BY first.position + 0 LIMIT 1)";

fn next_due_at(connection: &mut DatabaseConnection) -> Result<Option<DateTime<Utc>>, Error> {
    let due: Due = diesel::sql_query(NEXT_DUE).get_result(connection)?;
    Ok(due.at.map(|at| at.0))
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = diesel::sql_types::Nullable<SqlInstant>)]
    at: Option<Instant>,
}
