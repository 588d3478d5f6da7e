//! Saying that what a letter stood for was done otherwise.

use uuid::Uuid;

use super::actor::DeadLetters;
use super::change;
use super::error::Error;
use super::model::Action;
use super::operations::{self, Entry};
use super::view::DeadLetter;
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::check_text;

/// Resolves a letter without having its event handled: its effect was brought about in another way. Should the event
/// come again, it has none.
#[derive(Debug, Clone)]
pub struct ResolveDeadLetter {
    /// Which one.
    pub id: Uuid,
    /// What was done instead, 1 to 500 characters.
    pub reason: String,
}

impl Command for ResolveDeadLetter {
    type Service = DeadLetters;
    type Answer = DeadLetter;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<DeadLetter, Error> {
        let mut violations = Vec::new();
        check_text(&mut violations, "reason", &self.reason, 1..=500);
        Error::unless_empty(violations)?;
        let letter = change::lock(transaction, self.id, Action::Resolve, context)?;
        let resolved = change::put_away(transaction, &letter, &format!("resolved: {}", self.reason), context)?;
        let (operation, reason) = (Action::Resolve.name(), Some(self.reason.as_str()));
        let entry = Entry { dead_letter_id: Some(self.id), operation, reason, ..Entry::default() };
        operations::enter(transaction, context, entry)?;
        Ok(resolved)
    }
}
