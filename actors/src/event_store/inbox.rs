//! What each consumer has handled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::inbox;
use crate::database::sql_types::{Id, Instant};
use crate::database::{Error, Transaction, each_engine};

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
