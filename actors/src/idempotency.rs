//! Requests that carried an `Idempotency-Key`, and what was answered to them.
//!
//! ```text
//! start --Fresh--> the work --> finish (the answer is kept for a day) or forget (the key is free again)
//! ```

mod schema;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::schema::idempotent_requests;
use crate::database::sql_types::{Id, Instant, Json, SqlInstant};
use crate::database::{self, Error, Transaction, each_engine};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a request may be in progress before it counts as broken off by a crash and may be done again.
pub const BROKEN_OFF: TimeDelta = TimeDelta::seconds(60);
/// Old rows that one request takes away on its way.
const SWEPT: i64 = 20;

/// Which request: a key means something only for the caller who chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Who asks.
    pub caller_id: Uuid,
    /// The key.
    pub key: String,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: String,
}

/// What a request with a key meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Nothing: it is to be done, and then to be finished or forgotten.
    Fresh,
    /// It was done, and this was the answer.
    Finished(StoredAnswer),
    /// It is being done.
    InProgress,
    /// The key belongs to another request.
    OtherRequest,
}

type Row = (String, Instant, Option<i32>, Option<Json>, Option<String>);

/// Begins a request, or says what became of it. A request that was begun long ago and never ended is begun again.
///
/// # Errors
/// When a statement fails.
pub fn start(
    transaction: &mut Transaction<'_>,
    key: &Key,
    fingerprint: &str,
    now: DateTime<Utc>,
) -> Result<Start, Error> {
    database::lock(transaction, &[Uuid::new_v5(&key.caller_id, key.key.as_bytes())])?;
    sweep(transaction, now - KEPT)?;
    let row = idempotent_requests::table
        .find((Id(key.caller_id), &key.key))
        .select((
            idempotent_requests::fingerprint,
            idempotent_requests::started_at,
            idempotent_requests::status,
            idempotent_requests::headers,
            idempotent_requests::body,
        ))
        .get_result::<Row>(transaction.connection())
        .optional()?;
    match row {
        None => insert(transaction, key, fingerprint, now)?,
        Some((_, Instant(started_at), ..)) if started_at < now - KEPT => again(transaction, key, fingerprint, now)?,
        Some((known, ..)) if known != fingerprint => return Ok(Start::OtherRequest),
        Some((_, _, Some(status), headers, body)) => return finished(status, headers, body).map(Start::Finished),
        Some((_, Instant(started_at), ..)) if started_at > now - BROKEN_OFF => return Ok(Start::InProgress),
        Some(_) => again(transaction, key, fingerprint, now)?,
    }
    Ok(Start::Fresh)
}

/// Keeps the answer to a request that was begun at `started_at`, unless it has been begun again since.
///
/// # Errors
/// When the statement fails.
pub fn finish(
    transaction: &mut Transaction<'_>,
    key: &Key,
    started_at: DateTime<Utc>,
    answer: &StoredAnswer,
) -> Result<(), Error> {
    let headers = serde_json::to_value(&answer.headers).map_err(|error| Error::Damaged(error.to_string()))?;
    diesel::update(idempotent_requests::table.find((Id(key.caller_id), &key.key)))
        .filter(idempotent_requests::started_at.eq(Instant(started_at)))
        .set((
            idempotent_requests::status.eq(Some(i32::from(answer.status))),
            idempotent_requests::headers.eq(Some(Json(headers))),
            idempotent_requests::body.eq(Some(&answer.body)),
        ))
        .execute(transaction.connection())?;
    Ok(())
}

/// Makes the key of a request that was begun at `started_at` free again.
///
/// # Errors
/// When the statement fails.
pub fn forget(transaction: &mut Transaction<'_>, key: &Key, started_at: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(idempotent_requests::table.find((Id(key.caller_id), &key.key)))
        .filter(idempotent_requests::started_at.eq(Instant(started_at)))
        .execute(transaction.connection())?;
    Ok(())
}

fn insert(transaction: &mut Transaction<'_>, key: &Key, fingerprint: &str, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::insert_into(idempotent_requests::table)
        .values((
            idempotent_requests::caller_id.eq(Id(key.caller_id)),
            idempotent_requests::key.eq(&key.key),
            idempotent_requests::fingerprint.eq(fingerprint),
            idempotent_requests::started_at.eq(Instant(now)),
        ))
        .execute(transaction.connection())?;
    Ok(())
}

fn again(transaction: &mut Transaction<'_>, key: &Key, fingerprint: &str, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(idempotent_requests::table.find((Id(key.caller_id), &key.key))).execute(transaction.connection())?;
    insert(transaction, key, fingerprint, now)
}

fn finished(status: i32, headers: Option<Json>, body: Option<String>) -> Result<StoredAnswer, Error> {
    let damaged = |what: &str| Error::Damaged(format!("{what} of an idempotent request"));
    let headers =
        headers.map(|headers| serde_json::from_value(headers.0)).transpose().map_err(|_| damaged("headers"))?;
    Ok(StoredAnswer {
        status: u16::try_from(status).map_err(|_| damaged("status"))?,
        headers: headers.unwrap_or_default(),
        body: body.unwrap_or_default(),
    })
}

/// Takes a few rows away that are older than `before`, so that the table needs no other care.
fn sweep(transaction: &mut Transaction<'_>, before: DateTime<Utc>) -> Result<(), Error> {
    // Rows that somebody else is about to take away are left to them, so that nobody waits here.
    const OLD: &str = "DELETE FROM idempotent_requests WHERE (caller_id, key) IN \
                       (SELECT caller_id, key FROM idempotent_requests WHERE started_at < $1 ORDER BY started_at LIMIT $2";
    let skip = match transaction.connection() {
        database::DatabaseConnection::Postgres(_) => " FOR UPDATE SKIP LOCKED)",
        database::DatabaseConnection::Sqlite(_) => ")",
    };
    each_engine!(transaction.connection(), connection => {
        diesel::sql_query(format!("{OLD}{skip}"))
            .bind::<SqlInstant, _>(Instant(before))
            .bind::<BigInt, _>(SWEPT)
            .execute(connection)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
