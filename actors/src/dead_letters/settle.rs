//! How an attempt ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::attempts::{self, AttemptRecord, cut};
use super::fingerprint::fingerprint;
use super::model::{By, Next, RELAY, Reason, State};
use super::parcel::Parcel;
use super::schema::{bulk_retries, dead_letters};
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{Error, Transaction};

/// What is known of a letter when its attempt ends.
type Standing = (String, Option<String>, String, Json, i32, String, bool, Option<Id>);

/// Resolves a letter; `false` when it was resolved already, or is not there.
pub(super) fn resolve(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    resolution: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let resolved: Option<(bool, Option<Id>)> = diesel::update(dead_letters::table.find(Id(id)))
        .filter(dead_letters::state.ne(State::Resolved.name()))
        .set((
            dead_letters::state.eq(State::Resolved.name()),
            dead_letters::resolution.eq(Some(cut(resolution))),
            dead_letters::due_at.eq(None::<Instant>),
            dead_letters::claimed_until.eq(None::<Instant>),
            dead_letters::updated_at.eq(Instant(now)),
        ))
        .returning((dead_letters::by_operator, dead_letters::bulk_id))
        .get_result(transaction.connection())
        .optional()?;
    if let Some((true, Some(bulk_id))) = resolved {
        diesel::update(bulk_retries::table.find(bulk_id))
            .set((bulk_retries::resolved.eq(bulk_retries::resolved + 1), bulk_retries::updated_at.eq(Instant(now))))
            .execute(transaction.connection())?;
    }
    Ok(resolved.is_some())
}

/// A failed attempt of a letter.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    /// Why it failed.
    pub error: String,
    /// Why it is a dead letter now, if not for the reason that it was one before.
    pub reason: Option<Reason>,
    /// How often it has failed, this time included.
    pub failures: u32,
    /// What follows.
    pub next: Next,
}

/// Enters a failed attempt, unless the letter has been resolved meanwhile.
pub(super) fn fail(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    failed: &Failed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((consumer, event_type, reason, Json(history), _, state, by_operator, bulk_id)) =
        load(transaction, id, now)?
    else {
        return Ok(());
    };
    // What the relay set aside is retried without being claimed; anything else that is not claimed was settled by others.
    let expected = if consumer == RELAY { State::Pending } else { State::Retrying };
    if state != expected.name() {
        return Ok(());
    }
    let by = if by_operator { By::Operator } else { By::Policy };
    let mut history: Vec<AttemptRecord> = serde_json::from_value(history)
        .map_err(|error| Error::Damaged(format!("attempts of dead letter {id}: {error}")))?;
    attempts::push(&mut history, AttemptRecord { at: now, error: failed.error.clone(), by });
    let history = serde_json::to_value(history).map_err(|error| Error::Damaged(error.to_string()))?;
    let was = Reason::named(&reason).ok_or_else(|| Error::Damaged(format!("reason of dead letter {id}: {reason}")))?;
    let reason = failed.reason.unwrap_or(was);
    let due_at = match failed.next {
        Next::Again(pause) => Some(now + pause),
        Next::GivenUp => None,
    };
    let error = cut(&failed.error);
    diesel::update(dead_letters::table.find(Id(id)))
        .set((
            dead_letters::state.eq(failed.next.state().name()),
            dead_letters::due_at.eq(due_at.map(Instant)),
            dead_letters::claimed_until.eq(None::<Instant>),
            dead_letters::by_operator.eq(false),
            dead_letters::failures.eq(i32::try_from(failed.failures).unwrap_or(i32::MAX)),
            dead_letters::fingerprint.eq(fingerprint(reason, &consumer, event_type.as_deref(), &error)),
            dead_letters::reason.eq(reason.name()),
            dead_letters::error.eq(error),
            dead_letters::attempts.eq(Json(history)),
        ))
        .execute(transaction.connection())?;
    if let (true, Some(bulk_id)) = (by_operator, bulk_id) {
        diesel::update(bulk_retries::table.find(bulk_id))
            .set((
                bulk_retries::failed_again.eq(bulk_retries::failed_again + 1),
                bulk_retries::updated_at.eq(Instant(now)),
            ))
            .execute(transaction.connection())?;
    }
    Ok(())
}

/// Enters that the relay has set an event aside once more.
pub(super) fn failed_again(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    parcel: &Parcel,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let pause = parcel.due_at.map(|at| (at - now).to_std().unwrap_or_default());
    let next = pause.map_or(Next::GivenUp, Next::Again);
    let failures = match load(transaction, id, now)? {
        Some((.., failures, _, _, _)) => u32::try_from(failures).unwrap_or_default() + parcel.failures.max(1),
        None => return Ok(()),
    };
    fail(transaction, id, &Failed { error: parcel.error.clone(), reason: Some(parcel.reason), failures, next }, now)
}

/// Locks the letter and reads how it stands.
fn load(transaction: &mut Transaction<'_>, id: Uuid, now: DateTime<Utc>) -> Result<Option<Standing>, Error> {
    use dead_letters as row;
    let standing = diesel::update(dead_letters::table.find(Id(id)))
        .set(row::updated_at.eq(Instant(now)))
        .returning((
            row::consumer,
            row::event_type,
            row::reason,
            row::attempts,
            row::failures,
            row::state,
            row::by_operator,
            row::bulk_id,
        ))
        .get_result(transaction.connection())
        .optional()?;
    Ok(standing)
}
