//! Trying a letter once more, as it is or with another payload.

use amqp::{Envelope, catalogue};
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::DeadLetters;
use super::change;
use super::error::Error;
use super::get::head;
use super::model::{self, Action, By, RELAY, State};
use super::operations::{self, Entry};
use super::schema::dead_letters;
use super::view::DeadLetter;
use crate::database::sql_types::{Id, Instant};
use crate::database::{DatabaseConnection, Transaction};
use crate::event_store::outbox;
use crate::service::{Command, Context};
use crate::violation::Violation;

/// Tries a letter once more, now. One that waited for an operator gets this one attempt; one that has attempts of its
/// policy left only gets the next one earlier.
#[derive(Debug, Clone)]
pub struct RetryDeadLetter {
    /// Which one.
    pub id: Uuid,
    /// The payload to put in place of the one that it came with. What it came with stays to be seen.
    pub data: Option<Value>,
}

impl Command for RetryDeadLetter {
    type Service = DeadLetters;
    type Answer = DeadLetter;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<DeadLetter, Error> {
        let letter = change::lock(transaction, self.id, Action::Retry, context)?;
        if let Some(first) = head(transaction.connection(), self.id)? {
            return Err(Error::Behind { first });
        }
        if let Some(data) = &self.data {
            let edited = edited(transaction.connection(), &letter, data)?;
            diesel::update(dead_letters::table.find(Id(self.id)))
                .set(dead_letters::edited.eq(Some(edited)))
                .execute(transaction.connection())?;
        }
        make_due(transaction, &letter, context)?;
        let detail = self.data.map(|data| json!({ "data": data }));
        let entry =
            Entry { dead_letter_id: Some(self.id), operation: Action::Retry.name(), detail, ..Entry::default() };
        operations::enter(transaction, context, entry)?;
        change::find(transaction.connection(), self.id)
    }
}

fn make_due(transaction: &mut Transaction<'_>, letter: &DeadLetter, context: &Context) -> Result<(), Error> {
    let now = context.origin.now;
    let row = diesel::update(dead_letters::table.find(Id(letter.id)));
    let due = (dead_letters::state.eq(State::Pending.name()), dead_letters::due_at.eq(Some(Instant(now))));
    match model::retried_by(letter.state) {
        By::Operator => row
            .set((due, dead_letters::by_operator.eq(true), dead_letters::bulk_id.eq(None::<Id>)))
            .execute(transaction.connection())?,
        By::Policy | By::Delivery => row.set(due).execute(transaction.connection())?,
    };
    if let (RELAY, Some(event_id)) = (letter.consumer.as_str(), letter.event_id) {
        outbox::retry_now(transaction, event_id, now)?;
    }
    Ok(())
}

/// The letter's envelope with another payload, which its consumer must be able to read.
fn edited(connection: &mut DatabaseConnection, letter: &DeadLetter, data: &Value) -> Result<Vec<u8>, Error> {
    let refused = |why: &str| Error::NotEditable(why.to_owned());
    if letter.consumer == RELAY {
        return Err(refused("the event store keeps events as they happened; correct the state with a new command"));
    }
    let bytes: Vec<u8> = dead_letters::table.find(Id(letter.id)).select(dead_letters::bytes).get_result(connection)?;
    let unreadable = |error| {
        let why =
            format!("the message is no envelope ({error}); have its publisher send it again, and discard this one");
        Error::NotEditable(why)
    };
    let envelope = Envelope::parse(&bytes).map_err(unreadable)?;
    let entry = catalogue::find(&envelope.event_type).ok_or_else(|| {
        let known = "this version of Bookly does not know its type; install one that does, or discard it";
        refused(known)
    })?;
    let invalid =
        |error: String| Error::Invalid(vec![Violation::field("field.schema", "data", format!("the payload: {error}"))]);
    entry.check(data).map_err(|error| invalid(error.to_string()))?;
    Envelope { data: data.clone(), ..envelope }.to_bytes().map_err(|error| invalid(error.to_string()))
}
