//! The history of a dead letter's attempts, bounded.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::By;

/// Attempts that are kept from the beginning.
const FIRST: usize = 5;
/// Attempts that are kept from the end.
const LAST: usize = 20;
/// Characters of an error that are kept.
const ERROR_CHARACTERS: usize = 2_000;

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRecord {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Why.
    pub error: String,
    /// Who set it off.
    pub by: By,
}

/// Adds an attempt; of many, the first and the last are kept.
pub fn push(history: &mut Vec<AttemptRecord>, attempt: AttemptRecord) {
    let AttemptRecord { at, error, by } = attempt;
    history.push(AttemptRecord { at, error: cut(&error), by });
    if history.len() > FIRST + LAST {
        history.remove(FIRST);
    }
}

/// The history with no more attempts than are kept.
pub fn bounded(history: &[AttemptRecord]) -> Vec<AttemptRecord> {
    let mut kept = Vec::with_capacity(history.len().min(FIRST + LAST + 1));
    for attempt in history {
        push(&mut kept, attempt.clone());
    }
    kept
}

/// An error's text, cut to what is kept of it. PostgreSQL stores no NUL in a text.
pub fn cut(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(ERROR_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attempt(number: usize) -> AttemptRecord {
        AttemptRecord { at: DateTime::UNIX_EPOCH, error: number.to_string(), by: By::Policy }
    }

    proptest! {
        #[test]
        fn the_first_and_the_last_attempts_are_kept(count in 0_usize..60) {
            let all: Vec<AttemptRecord> = (0..count).map(attempt).collect();
            let kept = bounded(&all);
            prop_assert_eq!(kept.len(), count.min(FIRST + LAST));
            prop_assert_eq!(&kept[..kept.len().min(FIRST)], &all[..count.min(FIRST)]);
            let last = kept.len().min(LAST);
            prop_assert_eq!(&kept[kept.len() - last..], &all[count - last..]);
        }

        #[test]
        fn an_error_is_cut_between_characters(error in any::<String>(), times in 0_usize..500) {
            let kept = cut(&error.repeat(times));
            prop_assert!(kept.chars().count() <= ERROR_CHARACTERS && !kept.contains('\0'));
        }
    }
}
