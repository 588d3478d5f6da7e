//! Which deliveries were being handled when a process died.
//!
//! Only deliveries that may have killed a process before are noted: writing a row for each event would cost a commit
//! each. The first death of a message thus names nobody, since many were on their way; from then on its handling is
//! noted before it begins, and a row that is still there at the next delivery is a death during exactly that handling.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::executions;
use crate::database::sql_types::{Id, Instant};
use crate::database::{DatabaseConnection, Error, Transaction, each_engine};

/// How often the handling of this delivery began without ending.
///
/// # Errors
/// When the query fails.
pub fn unfinished(connection: &mut DatabaseConnection, consumer: &str, event_id: Uuid) -> Result<i32, Error> {
    let row = executions::table.find((consumer, Id(event_id))).select(executions::starts);
    Ok(row.get_result(connection).optional()?.unwrap_or(0))
}

/// Notes that the handling of this delivery begins.
///
/// # Errors
/// When the statement fails.
pub fn begin(
    transaction: &mut Transaction<'_>,
    consumer: &str,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        executions::consumer.eq(consumer),
        executions::event_id.eq(Id(event_id)),
        executions::starts.eq(1),
        executions::started_at.eq(Instant(now)),
    );
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(executions::table)
            .values(row)
            .on_conflict((executions::consumer, executions::event_id))
            .do_update()
            .set((executions::starts.eq(executions::starts + 1), executions::started_at.eq(Instant(now))))
            .execute(connection)
    })?;
    Ok(())
}

/// Notes that it ended, however it did: the process lives.
///
/// # Errors
/// When the statement fails.
pub fn end(transaction: &mut Transaction<'_>, consumer: &str, event_id: Uuid) -> Result<(), Error> {
    diesel::delete(executions::table.find((consumer, Id(event_id)))).execute(transaction.connection())?;
    Ok(())
}
