//! Giving a letter up.

use uuid::Uuid;

use super::actor::DeadLetters;
use super::change;
use super::error::Error;
use super::model::Action;
use super::operations::{self, Entry};
use super::view::DeadLetter;
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Gives a letter up: its event shall have no effect at its consumer, now or when it comes again.
#[derive(Debug, Clone)]
pub struct DiscardDeadLetter {
    /// Which one.
    pub id: Uuid,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

impl Command for DiscardDeadLetter {
    type Service = DeadLetters;
    type Answer = DeadLetter;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<DeadLetter, Error> {
        let reason = self.reason.as_deref();
        Error::unless_empty(check_reason(reason))?;
        let letter = change::lock(transaction, self.id, Action::Discard, context)?;
        let resolution = reason.map_or_else(|| "discarded".to_owned(), |reason| format!("discarded: {reason}"));
        let discarded = change::put_away(transaction, &letter, &resolution, context)?;
        let entry =
            Entry { dead_letter_id: Some(self.id), operation: Action::Discard.name(), reason, ..Entry::default() };
        operations::enter(transaction, context, entry)?;
        Ok(discarded)
    }
}
