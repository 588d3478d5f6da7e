//! Reading one dead letter, with its message and its history.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::actor::DeadLetters;
use super::attempts::AttemptRecord;
use super::error::Error;
use super::message::Message;
use super::operations::{self, Operation};
use super::schema::dead_letters;
use super::view::{DeadLetter, Row};
use crate::database::sql_types::{Id, Json, SqlId};
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// The dead letter with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetDeadLetter(pub Uuid);

/// A dead letter with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterFile {
    /// The dead letter itself.
    #[serde(flatten)]
    pub letter: DeadLetter,
    /// The dead letter of an earlier event of the same aggregate, which comes first.
    pub behind: Option<Uuid>,
    /// Failed attempts: the first five and the last twenty.
    pub attempts: Vec<AttemptRecord>,
    /// The message as it came.
    pub message: Message,
    /// What is handled in its place, since its payload was edited.
    pub edited_message: Option<Message>,
    /// What operators did to it, first to last.
    pub operations: Vec<Operation>,
}

impl Query for GetDeadLetter {
    type Service = DeadLetters;
    type Answer = DeadLetterFile;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<DeadLetterFile, Error> {
        type Contents = (Json, Vec<u8>, Option<Vec<u8>>);
        let row = dead_letters::table.find(Id(self.0));
        let letter = row.select(Row::as_select()).get_result::<Row>(connection).optional()?.ok_or(Error::NotFound)?;
        let (attempts, bytes, edited) = row
            .select((dead_letters::attempts, dead_letters::bytes, dead_letters::edited))
            .get_result::<Contents>(connection)?;
        let attempts = serde_json::from_value(attempts.0)
            .map_err(|error| database::Error::Damaged(format!("attempts of dead letter {}: {error}", self.0)))?;
        Ok(DeadLetterFile {
            letter: letter.dead_letter()?,
            behind: head(connection, self.0)?,
            attempts,
            message: bytes.into(),
            edited_message: edited.map(Message::from),
            operations: operations::of_letter(connection, self.0)?,
        })
    }
}

/// The first unresolved letter of the same aggregate and consumer, when it is another one.
pub(super) fn head(connection: &mut DatabaseConnection, id: Uuid) -> Result<Option<Uuid>, database::Error> {
    let first: Option<First> = diesel::sql_query(
        "SELECT earlier.id, earlier.sequence FROM dead_letters d JOIN dead_letters earlier
            ON earlier.consumer = d.consumer AND earlier.aggregate_id = d.aggregate_id
         WHERE d.id = $1 AND d.state <> 'resolved' AND d.ordered AND earlier.state <> 'resolved' AND earlier.ordered
            AND (earlier.version < d.version OR (earlier.version = d.version AND earlier.sequence < d.sequence))
         ORDER BY earlier.version, earlier.sequence LIMIT 1",
    )
    .bind::<SqlId, _>(Id(id))
    .get_result(connection)
    .optional()?;
    Ok(first.map(|first| first.id.0))
}

#[derive(QueryableByName)]
struct First {
    #[diesel(sql_type = SqlId)]
    id: Id,
    #[expect(dead_code, reason = "named so that the query may order by it on both engines")]
    #[diesel(sql_type = BigInt)]
    sequence: i64,
}
