//! What operators did, kept for those who ask later.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::Action;
use super::schema::dead_letter_operations;
use crate::clock::Ids;
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{DatabaseConnection, Error, Transaction, insert_rows};
use crate::service::Context;

/// An operation on a dead letter, as the audit keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetterOperation")]
pub struct Operation {
    /// What was done: `retry`, `resolve`, `discard`, `retry_all`.
    pub operation: String,
    /// The user who did it; null for the operator at the machine itself.
    pub actor: Option<Uuid>,
    /// The bulk retry that it was a part of.
    pub bulk_id: Option<Uuid>,
    /// Why, in that person's words.
    pub reason: Option<String>,
    /// Particulars, such as the payload that was put in.
    pub detail: Option<Value>,
    /// When.
    pub at: DateTime<Utc>,
}

/// An operation that is to be entered.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry<'a> {
    pub dead_letter_id: Option<Uuid>,
    pub bulk_id: Option<Uuid>,
    pub operation: &'a str,
    pub reason: Option<&'a str>,
    pub detail: Option<Value>,
}

/// Enters an operation of the caller.
pub(super) fn enter(transaction: &mut Transaction<'_>, context: &Context, entry: Entry<'_>) -> Result<(), Error> {
    use dead_letter_operations as row;
    diesel::insert_into(dead_letter_operations::table)
        .values((
            row::id.eq(Id(context.origin.ids.next())),
            row::dead_letter_id.eq(entry.dead_letter_id.map(Id)),
            row::bulk_id.eq(entry.bulk_id.map(Id)),
            row::operation.eq(entry.operation),
            row::actor.eq(context.caller.user_id.map(Id)),
            row::reason.eq(entry.reason),
            row::detail.eq(entry.detail.map(Json)),
            row::at.eq(Instant(context.origin.now)),
        ))
        .execute(transaction.connection())?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = dead_letter_operations, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    dead_letter_id: Option<Id>,
    bulk_id: Option<Id>,
    operation: &'static str,
    actor: Option<Id>,
    at: Instant,
}

/// Enters for each of these letters that a bulk retry, begun by `actor`, retried it.
pub(super) fn enter_retries(
    transaction: &mut Transaction<'_>,
    (bulk_id, actor): (Uuid, Option<Uuid>),
    letters: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = |letter: &Uuid| Row {
        id: Id(Ids.next()),
        dead_letter_id: Some(Id(*letter)),
        bulk_id: Some(Id(bulk_id)),
        operation: Action::Retry.name(),
        actor: actor.map(Id),
        at: Instant(now),
    };
    let rows: Vec<Row> = letters.iter().map(row).collect();
    insert_rows!(transaction, dead_letter_operations::table, &rows)
}

/// What was done to a dead letter, first to last.
pub(super) fn of_letter(connection: &mut DatabaseConnection, id: Uuid) -> Result<Vec<Operation>, Error> {
    use dead_letter_operations as row;
    type Row = (String, Option<Id>, Option<Id>, Option<String>, Option<Json>, Instant);
    let rows = dead_letter_operations::table
        .filter(row::dead_letter_id.eq(Id(id)))
        .order((row::at, row::id))
        .select((row::operation, row::actor, row::bulk_id, row::reason, row::detail, row::at))
        .load::<Row>(connection)?;
    let operation = |(operation, actor, bulk_id, reason, detail, at): Row| Operation {
        operation,
        actor: actor.map(Uuid::from),
        bulk_id: bulk_id.map(Uuid::from),
        reason,
        detail: detail.map(|json| json.0),
        at: at.0,
    };
    Ok(rows.into_iter().map(operation).collect())
}
