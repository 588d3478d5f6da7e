//! When a failed event is tried again: pure functions of the policy, the number of failures and a random number.
//!
//! An event that fails is first tried again in place, twice and at once, because most failures are a lost connection
//! or a lock and pass by themselves; only then does it leave the lane and follow its policy, and at last it stays a
//! dead letter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::service::Service;

/// How many times an event is tried again in place.
pub const IN_PLACE_RETRIES: u32 = 2;

/// The shortest pause before a retry in place, in milliseconds.
pub const IN_PLACE_MIN_MS: u64 = 50;

/// The longest pause before a retry in place, in milliseconds.
pub const IN_PLACE_MAX_MS: u64 = 200;

/// How the pauses between scheduled retries grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "backoff", rename_all = "lowercase")]
pub enum Backoff {
    /// Doubles with each retry, and is drawn evenly between nothing and that ("full jitter": M. Brooker, Exponential
    /// Backoff And Jitter, AWS Architecture Blog, 2015), so that what failed together is not tried again together.
    Exponential {
        /// The upper end of the first pause.
        base_ms: u64,
        /// The upper end that is never exceeded.
        cap_ms: u64,
    },
    /// Always the same.
    Fixed {
        /// The pause.
        delay_ms: u64,
    },
    /// Grows by the same amount with each retry.
    Linear {
        /// The first pause, and the growth.
        step_ms: u64,
        /// The pause that is never exceeded.
        cap_ms: u64,
    },
}

impl Backoff {
    /// 1 s, doubling up to 60 s.
    pub const EXPONENTIAL: Self = Self::Exponential { base_ms: 1_000, cap_ms: 60_000 };
    /// 5 s.
    pub const FIXED: Self = Self::Fixed { delay_ms: 5_000 };
    /// 1 s more each time, up to 30 s.
    pub const LINEAR: Self = Self::Linear { step_ms: 1_000, cap_ms: 30_000 };

    /// The longest pause before the scheduled retry with this number, counted from 1.
    pub fn ceiling(self, retry: u32) -> Duration {
        let retry = retry.max(1);
        Duration::from_millis(match self {
            Self::Exponential { base_ms, cap_ms } => {
                let factor = 2_u64.checked_pow(retry - 1).unwrap_or(u64::MAX);
                base_ms.saturating_mul(factor).min(cap_ms)
            }
            Self::Fixed { delay_ms } => delay_ms,
            Self::Linear { step_ms, cap_ms } => step_ms.saturating_mul(retry.into()).min(cap_ms),
        })
    }

    /// The pause before the scheduled retry with this number, counted from 1. `random` gives numbers in `[0, 1)`.
    pub fn delay(self, retry: u32, random: &mut dyn FnMut() -> f64) -> Duration {
        let ceiling = self.ceiling(retry);
        match self {
            Self::Exponential { .. } => between(Duration::ZERO, ceiling, random),
            Self::Fixed { .. } | Self::Linear { .. } => ceiling,
        }
    }
}

/// What happens to an event that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "policy")]
pub enum Policy {
    /// It is tried again.
    Retry {
        /// How many scheduled retries there are after the ones in place.
        #[serde(default = "default_attempts")]
        attempts: u32,
        /// The pauses between them.
        #[serde(flatten)]
        backoff: Backoff,
    },
    /// It is a dead letter at once.
    None,
}

const fn default_attempts() -> u32 {
    3
}

impl Default for Policy {
    /// Three scheduled retries with exponential pauses.
    fn default() -> Self {
        Self::Retry { attempts: default_attempts(), backoff: Backoff::EXPONENTIAL }
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

/// The policies of all events. An event type's own policy comes before its consumer's, and that before the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// For everything else.
    pub default: Policy,
    /// By consuming service.
    pub consumers: BTreeMap<Service, Policy>,
    /// By event type.
    pub events: BTreeMap<String, Policy>,
}

impl Policies {
    /// The policy for an event type at a consumer.
    pub fn of(&self, event_type: &str, consumer: Service) -> Policy {
        let specific = self.events.get(event_type).or_else(|| self.consumers.get(&consumer));
        specific.copied().unwrap_or(self.default)
    }
}

fn between(low: Duration, high: Duration, random: &mut dyn FnMut() -> f64) -> Duration {
    low + high.saturating_sub(low).mul_f64(random().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
