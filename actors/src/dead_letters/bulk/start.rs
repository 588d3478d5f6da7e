//! Beginning a bulk retry.

use diesel::prelude::*;
use serde_json::json;

use super::super::actor::DeadLetters;
use super::super::error::Error;
use super::super::filter::{LetterFilter, narrow};
use super::super::model::State;
use super::super::operations::{self, Entry};
use super::super::schema::{bulk_retries, dead_letters};
use super::allowance::FASTEST;
use super::store::{BulkRetry, BulkState, Row};
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::{Violation, check_text};

/// Retries all letters that match and wait for an operator: one first, and if that goes well the others.
#[derive(Debug, Clone)]
pub struct RetryDeadLetters {
    /// Which ones.
    pub filter: LetterFilter,
    /// How many a second, 1 to 1,000.
    pub per_second: u32,
}

impl Command for RetryDeadLetters {
    type Service = DeadLetters;
    type Answer = BulkRetry;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<BulkRetry, Error> {
        Error::unless_empty(self.violations())?;
        let (now, id) = (context.origin.now, context.origin.ids.next());
        let filter = LetterFilter { state: Some(State::Failed), ..self.filter };
        let all = narrow!(dead_letters::table.count().into_boxed(), &filter);
        let matched = all.get_result(transaction.connection())?;
        let bulk = BulkRetry {
            id,
            filter,
            per_second: self.per_second,
            state: BulkState::Canary,
            matched,
            retried: 0,
            resolved: 0,
            failed_again: 0,
            canary_id: None,
            detail: None,
            started_by: context.caller.user_id,
            created_at: now,
            updated_at: now,
            advanced_at: now,
        };
        diesel::insert_into(bulk_retries::table).values(Row::of(&bulk)?).execute(transaction.connection())?;
        let detail = Some(json!({ "filter": bulk.filter, "perSecond": bulk.per_second, "matched": matched }));
        let entry = Entry { bulk_id: Some(id), operation: "retry_all", detail, ..Entry::default() };
        operations::enter(transaction, context, entry)?;
        Ok(bulk)
    }
}

impl RetryDeadLetters {
    fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        if !(1..=FASTEST).contains(&self.per_second) {
            let message = format!("perSecond must be 1 to {FASTEST}");
            violations.push(Violation::field("field.range", "perSecond", message));
        }
        if self.filter.state.is_some_and(|state| state != State::Failed) {
            let message = "only letters in the state failed are retried together: pending and retrying ones are tried by \
                           themselves, and resolved ones are done with; leave the state out";
            violations.push(Violation::field("field.state", "filter.state", message));
        }
        let texts = [
            ("filter.consumer", &self.filter.consumer),
            ("filter.eventType", &self.filter.event_type),
            ("filter.fingerprint", &self.filter.fingerprint),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                check_text(&mut violations, field, text, 1..=200);
            }
        }
        violations
    }
}
