//! When a failed event is tried again: pure functions of the policy, the number of failures and a random number.
//!
//! An event that fails is first tried again in place, twice and at once, because most failures are a lost connection
//! or a lock and pass by themselves; only then does it leave the lane and follow its policy, and at last it stays a
//! dead letter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

mod backoff;
mod form;
mod policies;

pub use backoff::Backoff;
pub use policies::{InvalidPolicies, MAX_ATTEMPTS, MAX_PAUSE_MS, Policies};

use form::Form;

/// How many times an event is tried again in place.
pub const IN_PLACE_RETRIES: u32 = 2;

/// The shortest pause before a retry in place, in milliseconds.
pub const IN_PLACE_MIN_MS: u64 = 50;

/// The longest pause before a retry in place, in milliseconds.
pub const IN_PLACE_MAX_MS: u64 = 200;

/// What happens to an event that fails.
///
/// Written as `{ policy = "exponential", base_ms = 1000, cap_ms = 60000, attempts = 3 }`,
/// `{ policy = "fixed", delay_ms = 5000 }`, `{ policy = "linear", step_ms = 1000, cap_ms = 30000 }` or
/// `{ policy = "none" }`; whatever is left out has the default shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub enum Policy {
    /// It is tried again.
    Retry {
        /// How many scheduled retries there are after the ones in place.
        attempts: u32,
        /// The pauses between them.
        backoff: Backoff,
    },
    /// It is a dead letter at once.
    None,
}

/// How many scheduled retries there are unless somebody says otherwise.
pub const DEFAULT_ATTEMPTS: u32 = 3;

impl Default for Policy {
    /// Three scheduled retries with exponential pauses.
    fn default() -> Self {
        Self::Retry { attempts: DEFAULT_ATTEMPTS, backoff: Backoff::EXPONENTIAL }
    }
}

/// How handling an event went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is handled.
    Handled,
    /// It failed, and this was the failure with this number, counted from 1.
    Failed {
        /// The number of failures so far.
        failures: u32,
    },
    /// It can never be handled: it cannot be read.
    Unreadable,
}

/// Where a failed event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is tried again at once, in its place; what follows waits.
    InPlace,
    /// It is parked with a time for its next retry, the one with this number, counted from 1.
    Scheduled {
        /// The number of the retry.
        retry: u32,
    },
    /// It is parked until somebody decides.
    Exhausted,
}

/// What to do with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Acknowledge it.
    Ack,
    /// Try it again after a pause.
    RetryAfter(Duration),
    /// Park it.
    DeadLetter,
}

impl Policy {
    /// Where an event stands after its failure with this number, counted from 1.
    pub fn stage(self, failures: u32) -> Stage {
        match self {
            Self::Retry { .. } if failures <= IN_PLACE_RETRIES => Stage::InPlace,
            Self::Retry { attempts, .. } if failures - IN_PLACE_RETRIES <= attempts => {
                Stage::Scheduled { retry: failures - IN_PLACE_RETRIES }
            }
            Self::Retry { .. } | Self::None => Stage::Exhausted,
        }
    }

    /// What to do with a delivery. `random` gives numbers in `[0, 1)`.
    pub fn verdict(self, outcome: Outcome, random: &mut dyn FnMut() -> f64) -> Verdict {
        let failures = match outcome {
            Outcome::Handled => return Verdict::Ack,
            Outcome::Unreadable => return Verdict::DeadLetter,
            Outcome::Failed { failures } => failures,
        };
        match (self.stage(failures), self) {
            (Stage::InPlace, _) => Verdict::RetryAfter(between(
                Duration::from_millis(IN_PLACE_MIN_MS),
                Duration::from_millis(IN_PLACE_MAX_MS),
                random,
            )),
            (Stage::Scheduled { retry }, Self::Retry { backoff, .. }) => {
                Verdict::RetryAfter(backoff.delay(retry, random))
            }
            (Stage::Scheduled { .. } | Stage::Exhausted, _) => Verdict::DeadLetter,
        }
    }
}

fn between(low: Duration, high: Duration, random: &mut dyn FnMut() -> f64) -> Duration {
    low + high.saturating_sub(low).mul_f64(random().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
