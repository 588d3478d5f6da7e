//! Who tries which letter again, and when.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use uuid::Uuid;

use super::model::{By, Reason, State};
use super::parcel::{EventRef, Letter};
use super::schema::dead_letters;
use crate::database::sql_types::{Id, Instant, SqlId, SqlInstant};
use crate::database::{DatabaseConnection, Error, Transaction, each_engine};

/// How long a claim holds when the process that made it dies.
pub const CLAIM: TimeDelta = TimeDelta::seconds(30);

/// Of one aggregate at one consumer only the first unresolved letter is tried: the one of the lowest version, and of two
/// with the same version the one that was parked first. What never was a part of the history waits for nobody.
pub(super) const IS_HEAD: &str = "NOT (d.ordered AND EXISTS (
    SELECT 1 FROM dead_letters earlier
    WHERE earlier.consumer = d.consumer AND earlier.aggregate_id = d.aggregate_id
      AND earlier.state <> 'resolved' AND earlier.ordered
      AND (earlier.version < d.version OR (earlier.version = d.version AND earlier.sequence < d.sequence))))";

#[derive(QueryableByName)]
pub(super) struct Found {
    #[diesel(sql_type = SqlId)]
    pub id: Id,
}

/// Claims up to `limit` letters that are due and first of their aggregates. Those that another process is busy with are
/// passed over. What the relay set aside is the relay's to try.
///
/// # Errors
/// When a statement fails.
pub fn claim_due(transaction: &mut Transaction<'_>, now: DateTime<Utc>, limit: i64) -> Result<Vec<Letter>, Error> {
    let passing_over = passing_over(transaction.connection());
    let claimed: Vec<Found> = diesel::sql_query(format!(
        "UPDATE dead_letters SET state = 'retrying', claimed_until = $1, updated_at = $2 WHERE id IN (
            SELECT d.id FROM dead_letters d
            WHERE d.state = 'pending' AND d.due_at <= $2 AND d.consumer <> 'relay' AND {IS_HEAD}
            ORDER BY d.due_at, d.sequence LIMIT $3 {passing_over})
         RETURNING id"
    ))
    .bind::<SqlInstant, _>(Instant(now + CLAIM))
    .bind::<SqlInstant, _>(Instant(now))
    .bind::<BigInt, _>(limit)
    .load(transaction.connection())?;
    let ids: Vec<Id> = claimed.into_iter().map(|row| row.id).collect();
    letters(transaction, &ids)
}

/// On SQLite the write transaction is the lock.
pub(super) fn passing_over(connection: &DatabaseConnection) -> &'static str {
    match connection {
        DatabaseConnection::Postgres(_) => "FOR UPDATE OF d SKIP LOCKED",
        DatabaseConnection::Sqlite(_) => "",
    }
}

/// Letters whose claims have run out: the process that tried them has died or was frozen. They are claimed again, so
/// that exactly one process tells what became of them.
///
/// # Errors
/// When a statement fails.
pub fn claim_expired(transaction: &mut Transaction<'_>, now: DateTime<Utc>, limit: i64) -> Result<Vec<Letter>, Error> {
    let passing_over = passing_over(transaction.connection());
    let expired: Vec<Found> = diesel::sql_query(format!(
        "UPDATE dead_letters SET claimed_until = $1 WHERE id IN (
            SELECT d.id FROM dead_letters d WHERE d.state = 'retrying' AND d.claimed_until < $2
            ORDER BY d.claimed_until LIMIT $3 {passing_over})
         RETURNING id"
    ))
    .bind::<SqlInstant, _>(Instant(now + CLAIM))
    .bind::<SqlInstant, _>(Instant(now))
    .bind::<BigInt, _>(limit)
    .load(transaction.connection())?;
    let ids: Vec<Id> = expired.into_iter().map(|row| row.id).collect();
    letters(transaction, &ids)
}

type Row =
    (i64, Id, String, Option<Id>, Option<String>, Option<Id>, Option<i64>, Vec<u8>, Option<Vec<u8>>, String, i32, bool);

fn letters(transaction: &mut Transaction<'_>, ids: &[Id]) -> Result<Vec<Letter>, Error> {
    use dead_letters as row;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = each_engine!(transaction.connection(), connection => {
        dead_letters::table.filter(row::id.eq_any(ids)).order(row::sequence).select((
            row::sequence, row::id, row::consumer, row::event_id, row::event_type, row::aggregate_id, row::version,
            row::bytes, row::edited, row::reason, row::failures, row::by_operator,
        )).load(connection)
    })?;
    rows.into_iter().map(letter).collect()
}

fn letter(row: Row) -> Result<Letter, Error> {
    let (_, id, consumer, event_id, event_type, aggregate_id, version, bytes, edited, reason, failures, by_operator) =
        row;
    let event = match (event_id, &event_type, aggregate_id, version) {
        (Some(event_id), Some(event_type), Some(aggregate_id), Some(version)) => Some(EventRef {
            event_id: event_id.0,
            event_type: event_type.clone(),
            aggregate_id: aggregate_id.0,
            version,
        }),
        _ => None,
    };
    Ok(Letter {
        id: id.0,
        consumer,
        event,
        event_type,
        envelope: edited.unwrap_or(bytes),
        reason: Reason::named(&reason).ok_or_else(|| Error::Damaged(format!("reason of dead letter {}", id.0)))?,
        failures: u32::try_from(failures).unwrap_or_default(),
        by: if by_operator { By::Operator } else { By::Policy },
    })
}

/// Holds claims for another while.
///
/// # Errors
/// When the statement fails.
pub fn renew(transaction: &mut Transaction<'_>, ids: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
    let ids: Vec<Id> = ids.iter().copied().map(Id).collect();
    each_engine!(transaction.connection(), connection => {
        diesel::update(dead_letters::table.filter(dead_letters::id.eq_any(&ids)))
            .filter(dead_letters::state.eq(State::Retrying.name()))
            .set(dead_letters::claimed_until.eq(Some(Instant(now + CLAIM))))
            .execute(connection)
    })?;
    Ok(())
}

/// Gives claims back without an attempt: the letters are due again at `due_at`.
///
/// # Errors
/// When the statement fails.
pub fn release(transaction: &mut Transaction<'_>, ids: &[Uuid], due_at: DateTime<Utc>) -> Result<(), Error> {
    let ids: Vec<Id> = ids.iter().copied().map(Id).collect();
    each_engine!(transaction.connection(), connection => {
        diesel::update(dead_letters::table.filter(dead_letters::id.eq_any(&ids)))
            .filter(dead_letters::state.eq(State::Retrying.name()))
            .set((
                dead_letters::state.eq(State::Pending.name()),
                dead_letters::due_at.eq(Some(Instant(due_at))),
                dead_letters::claimed_until.eq(None::<Instant>),
            ))
            .execute(connection)
    })?;
    Ok(())
}

/// Ends every claim: for the only process on a database, at its start. What was claimed counts as expired.
///
/// # Errors
/// When the statement fails.
pub fn end_all(transaction: &mut Transaction<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(dead_letters::table)
        .filter(dead_letters::state.eq(State::Retrying.name()))
        .set(dead_letters::claimed_until.eq(Some(Instant(now - TimeDelta::microseconds(1)))))
        .execute(transaction.connection())?;
    Ok(())
}

/// When a letter may be claimed next, or a claim runs out.
///
/// # Errors
/// When the query fails.
pub fn next_due(connection: &mut DatabaseConnection) -> Result<Option<DateTime<Utc>>, Error> {
    let due: Due = diesel::sql_query(format!(
        "SELECT d.due_at AS at FROM dead_letters d
         WHERE d.state = 'pending' AND d.due_at IS NOT NULL AND d.consumer <> 'relay' AND {IS_HEAD}
         ORDER BY d.due_at, d.sequence LIMIT 1"
    ))
    .get_result(connection)
    .optional()?
    .unwrap_or(Due { at: None });
    let runs_out: Option<Option<Instant>> = dead_letters::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'retrying'"))
        .order(dead_letters::claimed_until)
        .select(dead_letters::claimed_until)
        .first(connection)
        .optional()?;
    Ok(due.at.into_iter().chain(runs_out.flatten()).map(|at| at.0).min())
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Nullable<SqlInstant>)]
    at: Option<Instant>,
}
