//! Going on with the bulk retries that have not ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use uuid::Uuid;

use super::super::claim::{IS_HEAD, passing_over};
use super::super::filter::LetterFilter;
use super::super::model::{RELAY, State};
use super::super::operations;
use super::super::park::REPLAYED;
use super::super::schema::{bulk_retries, dead_letters};
use super::allowance::allowance;
use super::store::{BulkRetry, BulkState, Row};
use crate::database::sql_types::{Id, Instant, SqlId, SqlInstant};
use crate::database::{DatabaseConnection, Error, Transaction};
use crate::event_store::outbox;

/// Bulk retries that are under way at once; more wait their turn.
const AT_ONCE: i64 = 10;

/// Whether any bulk retry is under way.
pub fn any_active(connection: &mut DatabaseConnection) -> Result<bool, Error> {
    Ok(!active(connection, 1)?.is_empty())
}

fn active(connection: &mut DatabaseConnection, limit: i64) -> Result<Vec<Id>, Error> {
    let active = bulk_retries::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state IN ('canary', 'running')"))
        .order(bulk_retries::created_at)
        .limit(limit)
        .select(bulk_retries::id);
    Ok(active.load(connection)?)
}

/// Goes on with every bulk retry; whether any is under way.
pub fn advance_all(transaction: &mut Transaction<'_>, now: DateTime<Utc>) -> Result<bool, Error> {
    let active = active(transaction.connection(), AT_ONCE)?;
    for id in &active {
        advance(transaction, *id, now)?;
    }
    Ok(!active.is_empty())
}

fn advance(transaction: &mut Transaction<'_>, id: Id, now: DateTime<Utc>) -> Result<(), Error> {
    // Writing is what locks a row on both engines: another process may be about to do the same.
    diesel::update(bulk_retries::table.find(id))
        .set(bulk_retries::updated_at.eq(bulk_retries::updated_at))
        .execute(transaction.connection())?;
    let before = bulk_retries::table.find(id).get_result::<Row>(transaction.connection())?.bulk()?;
    let mut bulk = before.clone();
    match bulk.state {
        BulkState::Canary => canary(transaction, &mut bulk, now)?,
        BulkState::Running => go_on(transaction, &mut bulk, now)?,
        BulkState::Done | BulkState::Stopped => {}
    }
    if bulk != before {
        bulk.updated_at = now;
        diesel::update(bulk_retries::table.find(id)).set(Row::of(&bulk)?).execute(transaction.connection())?;
    }
    Ok(())
}

/// Tries the first letter, or looks what became of it.
fn canary(transaction: &mut Transaction<'_>, bulk: &mut BulkRetry, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(canary_id) = bulk.canary_id else {
        match retry(transaction, bulk, 1, now)?.first() {
            Some(first) => bulk.canary_id = Some(*first),
            None => end(bulk, BulkState::Done, "no dead letter that matches can be retried".to_owned()),
        }
        return Ok(());
    };
    type Fate = (String, String, Option<String>);
    let (state, error, resolution): Fate = dead_letters::table
        .find(Id(canary_id))
        .select((dead_letters::state, dead_letters::error, dead_letters::resolution))
        .get_result(transaction.connection())?;
    match State::named(&state) {
        Some(State::Resolved) if resolution.as_deref() == Some(REPLAYED) => {
            (bulk.state, bulk.advanced_at) = (BulkState::Running, now);
        }
        Some(State::Resolved) => {
            let detail = "an operator decided on the first one before it was retried, so it tells nothing of the others; \
                          begin again";
            end(bulk, BulkState::Stopped, detail.to_owned());
        }
        Some(State::Failed) => end(bulk, BulkState::Stopped, format!("the first one failed again: {error}")),
        _ => {}
    }
    Ok(())
}

fn go_on(transaction: &mut Transaction<'_>, bulk: &mut BulkRetry, now: DateTime<Utc>) -> Result<(), Error> {
    let (letters, used_to) = allowance(bulk.advanced_at, now, bulk.per_second);
    if letters == 0 {
        return Ok(());
    }
    bulk.advanced_at = used_to;
    let retried = retry(transaction, bulk, i64::from(letters), now)?;
    if retried.is_empty() && bulk.retried == bulk.resolved + bulk.failed_again {
        let left = (bulk.matched - bulk.retried).max(0);
        let others = "were decided on otherwise meanwhile, or stand behind others that failed again";
        let detail = if left == 0 { "all have been retried".to_owned() } else { format!("{left} {others}") };
        end(bulk, BulkState::Done, detail);
    }
    Ok(())
}

fn end(bulk: &mut BulkRetry, state: BulkState, detail: String) {
    (bulk.state, bulk.detail) = (state, Some(detail));
}

#[derive(QueryableByName)]
struct Retried {
    #[diesel(sql_type = SqlId)]
    id: Id,
    #[diesel(sql_type = Text)]
    consumer: String,
    #[diesel(sql_type = Nullable<SqlId>)]
    event_id: Option<Id>,
}

/// Makes up to `limit` letters due that the bulk retry means and has not retried yet, the oldest first.
fn retry(
    transaction: &mut Transaction<'_>,
    bulk: &mut BulkRetry,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Error> {
    let passing_over = passing_over(transaction.connection());
    let LetterFilter { state: _, consumer, event_type, fingerprint, reason, aggregate_id } = &bulk.filter;
    let retried: Vec<Retried> = diesel::sql_query(format!(
        "UPDATE dead_letters SET state = 'pending', due_at = $1, by_operator = $2, bulk_id = $3, updated_at = $1
         WHERE id IN (
            SELECT d.id FROM dead_letters d
            WHERE d.state = 'failed' AND (d.bulk_id IS NULL OR d.bulk_id <> $3)
              AND ($4 IS NULL OR d.consumer = $4) AND ($5 IS NULL OR d.event_type = $5)
              AND ($6 IS NULL OR d.fingerprint = $6) AND ($7 IS NULL OR d.reason = $7)
              AND ($8 IS NULL OR d.aggregate_id = $8) AND {IS_HEAD}
            ORDER BY d.sequence LIMIT $9 {passing_over})
         RETURNING id, consumer, event_id"
    ))
    .bind::<SqlInstant, _>(Instant(now))
    .bind::<diesel::sql_types::Bool, _>(true)
    .bind::<SqlId, _>(Id(bulk.id))
    .bind::<Nullable<Text>, _>(consumer)
    .bind::<Nullable<Text>, _>(event_type)
    .bind::<Nullable<Text>, _>(fingerprint)
    .bind::<Nullable<Text>, _>(reason.map(|reason| reason.name()))
    .bind::<Nullable<SqlId>, _>(aggregate_id.map(Id))
    .bind::<BigInt, _>(limit)
    .load(transaction.connection())?;
    for letter in &retried {
        if let (RELAY, Some(event_id)) = (letter.consumer.as_str(), letter.event_id) {
            outbox::retry_now(transaction, event_id.0, now)?;
        }
    }
    bulk.retried += i64::try_from(retried.len()).unwrap_or(i64::MAX);
    let ids: Vec<Uuid> = retried.into_iter().map(|letter| letter.id.0).collect();
    operations::enter_retries(transaction, (bulk.id, bulk.started_by), &ids, now)?;
    Ok(ids)
}
