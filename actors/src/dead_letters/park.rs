//! The event path's side: parking, asking, and telling that it was handled after all.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use uuid::Uuid;

use super::attempts::{bounded, cut};
use super::fingerprint::fingerprint;
use super::model::{RELAY, State};
use super::parcel::Parcel;
use super::schema::dead_letters;
use super::settle;
use crate::clock::Ids;
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{DatabaseConnection, Error, Transaction, each_engine};

/// How a letter that its consumer has handled after all was resolved.
pub(super) const REPLAYED: &str = "replayed";

/// Parks a message. One event is one unresolved dead letter of its consumer: parked again, it keeps its first id.
///
/// An event that the relay sets aside once more has had its retry, and stands as `parcel` says.
///
/// # Errors
/// When a statement fails.
pub fn park(transaction: &mut Transaction<'_>, parcel: &Parcel, ids: &Ids, now: DateTime<Utc>) -> Result<Uuid, Error> {
    // The one that stood in the way may be resolved before it is found: then there is room again.
    for _ in 0..3 {
        let id = ids.next();
        if insert(transaction, parcel, id, now)? {
            return Ok(id);
        }
        let Some(id) = unresolved(transaction.connection(), parcel)? else { continue };
        if parcel.consumer == RELAY {
            settle::failed_again(transaction, id, parcel, now)?;
        }
        return Ok(id);
    }
    Err(Error::Unavailable("the event's dead letters change too fast; try again".to_owned()))
}

fn insert(transaction: &mut Transaction<'_>, parcel: &Parcel, id: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    use dead_letters as row;
    let event = parcel.event.as_ref();
    let error = cut(&parcel.error);
    let attempts =
        serde_json::to_value(bounded(&parcel.attempts)).map_err(|error| Error::Damaged(error.to_string()))?;
    let state = if parcel.due_at.is_some() { State::Pending } else { State::Failed };
    let event_type = parcel.event_type().map(cut);
    let values = (
        (row::id.eq(Id(id)), row::consumer.eq(&parcel.consumer), row::bytes.eq(&parcel.bytes)),
        (row::event_id.eq(event.map(|event| Id(event.event_id))), row::event_type.eq(&event_type)),
        (
            row::aggregate_id.eq(event.map(|event| Id(event.aggregate_id))),
            row::version.eq(event.map(|event| event.version)),
        ),
        (row::ordered.eq(parcel.is_ordered()), row::reason.eq(parcel.reason.name()), row::error.eq(&error)),
        (row::attempts.eq(Json(attempts)), row::failures.eq(i32::try_from(parcel.failures).unwrap_or(i32::MAX))),
        (row::state.eq(state.name()), row::due_at.eq(parcel.due_at.map(Instant)), row::by_operator.eq(false)),
        row::fingerprint.eq(fingerprint(parcel.reason, &parcel.consumer, event_type.as_deref(), &error)),
        (row::parked_at.eq(Instant(now)), row::updated_at.eq(Instant(now))),
    );
    let written = each_engine!(transaction.connection(), connection => {
        diesel::insert_into(dead_letters::table).values(values).on_conflict_do_nothing().execute(connection)
    })?;
    Ok(written == 1)
}

fn unresolved(connection: &mut DatabaseConnection, parcel: &Parcel) -> Result<Option<Uuid>, Error> {
    let Some(event) = &parcel.event else { return Ok(None) };
    find(connection, &parcel.consumer, event.event_id)
}

/// The unresolved dead letter of this event at this consumer.
fn find(connection: &mut DatabaseConnection, consumer: &str, event_id: Uuid) -> Result<Option<Uuid>, Error> {
    let found = dead_letters::table
        .filter(dead_letters::consumer.eq(consumer))
        .filter(dead_letters::event_id.eq(Id(event_id)))
        .filter(dead_letters::state.ne(State::Resolved.name()))
        .select(dead_letters::id)
        .first::<Id>(connection)
        .optional()?;
    Ok(found.map(Uuid::from))
}

/// Whether an event of this aggregate has to wait at this consumer behind a dead letter.
///
/// # Errors
/// When the query fails.
pub fn blocked(connection: &mut DatabaseConnection, consumer: &str, aggregate_id: Uuid) -> Result<bool, Error> {
    let before = dead_letters::table
        .filter(dead_letters::consumer.eq(consumer))
        .filter(dead_letters::aggregate_id.eq(Id(aggregate_id)))
        // In these words the index of the order serves it.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state <> 'resolved' AND ordered"));
    Ok(select(exists(before)).get_result(connection)?)
}

/// Notes that the consumer has handled the letter, in the transaction that did. One that is resolved stays as it is.
///
/// # Errors
/// When a statement fails.
pub fn handled(transaction: &mut Transaction<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    settle::resolve(transaction, id, REPLAYED, now).map(drop)
}

/// The same for the unresolved letter of an event, where only the event is known; whether there was one.
///
/// # Errors
/// When a statement fails.
pub fn handled_event(
    transaction: &mut Transaction<'_>,
    consumer: &str,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    match find(transaction.connection(), consumer, event_id)? {
        Some(id) => settle::resolve(transaction, id, REPLAYED, now),
        None => Ok(false),
    }
}

/// How many dead letters are not resolved; of one consumer, or of all.
///
/// # Errors
/// When the query fails.
pub fn unresolved_count(connection: &mut DatabaseConnection, consumer: Option<&str>) -> Result<i64, Error> {
    let mut query = dead_letters::table.filter(dead_letters::state.ne(State::Resolved.name())).count().into_boxed();
    if let Some(consumer) = consumer {
        query = query.filter(dead_letters::consumer.eq(consumer.to_owned()));
    }
    Ok(query.get_result(connection)?)
}
