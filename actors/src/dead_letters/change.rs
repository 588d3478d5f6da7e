//! What the operations on one letter share: lock it, look whether it may be changed, read it again.

use diesel::prelude::*;
use uuid::Uuid;

use super::error::Error;
use super::model::{self, Action, RELAY};
use super::schema::dead_letters;
use super::settle;
use super::view::{DeadLetter, Row};
use crate::database::sql_types::{Id, Instant};
use crate::database::{DatabaseConnection, Transaction};
use crate::event_store::{inbox, outbox};
use crate::service::Context;

/// Locks the letter and reads it, if this may be done to it.
pub(super) fn lock(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    action: Action,
    context: &Context,
) -> Result<DeadLetter, Error> {
    // Writing is what locks a row on both engines.
    diesel::update(dead_letters::table.find(Id(id)))
        .set(dead_letters::updated_at.eq(Instant(context.origin.now)))
        .execute(transaction.connection())?;
    let letter = find(transaction.connection(), id)?;
    model::may(letter.state, action)?;
    Ok(letter)
}

/// The letter with this id.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<DeadLetter, Error> {
    let row = dead_letters::table.find(Id(id)).select(Row::as_select()).get_result::<Row>(connection).optional()?;
    Ok(row.ok_or(Error::NotFound)?.dead_letter()?)
}

/// Resolves the letter in such a way that its event has no effect any more, should it come once more.
pub(super) fn put_away(
    transaction: &mut Transaction<'_>,
    letter: &DeadLetter,
    resolution: &str,
    context: &Context,
) -> Result<DeadLetter, Error> {
    let now = context.origin.now;
    if let Some(event_id) = letter.event_id {
        if letter.consumer == RELAY {
            outbox::discard(transaction, event_id)?;
        } else if letter.consumer.parse::<amqp::Service>().is_ok() {
            inbox::claim(transaction, &letter.consumer, event_id, now)?;
        }
    }
    settle::resolve(transaction, letter.id, resolution, now)?;
    find(transaction.connection(), letter.id)
}
