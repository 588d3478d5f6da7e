//! How a policy is written in the settings.

use serde::{Deserialize, Serialize};

use super::{Backoff, DEFAULT_ATTEMPTS, Policy};

#[derive(Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Form {
    Exponential {
        #[serde(default = "base_ms")]
        base_ms: u64,
        #[serde(default = "exponential_cap_ms")]
        cap_ms: u64,
        #[serde(default = "attempts")]
        attempts: u32,
    },
    Fixed {
        #[serde(default = "delay_ms")]
        delay_ms: u64,
        #[serde(default = "attempts")]
        attempts: u32,
    },
    Linear {
        #[serde(default = "step_ms")]
        step_ms: u64,
        #[serde(default = "linear_cap_ms")]
        cap_ms: u64,
        #[serde(default = "attempts")]
        attempts: u32,
    },
    // Without braces, fields that do not belong here would be accepted.
    None {},
}

const fn attempts() -> u32 {
    DEFAULT_ATTEMPTS
}
const fn base_ms() -> u64 {
    1_000
}
const fn exponential_cap_ms() -> u64 {
    60_000
}
const fn delay_ms() -> u64 {
    5_000
}
const fn step_ms() -> u64 {
    1_000
}
const fn linear_cap_ms() -> u64 {
    30_000
}

impl From<Form> for Policy {
    fn from(form: Form) -> Self {
        let (attempts, backoff) = match form {
            Form::Exponential { base_ms, cap_ms, attempts } => (attempts, Backoff::Exponential { base_ms, cap_ms }),
            Form::Fixed { delay_ms, attempts } => (attempts, Backoff::Fixed { delay_ms }),
            Form::Linear { step_ms, cap_ms, attempts } => (attempts, Backoff::Linear { step_ms, cap_ms }),
            Form::None {} => return Self::None,
        };
        Self::Retry { attempts, backoff }
    }
}

impl From<Policy> for Form {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Retry { attempts, backoff: Backoff::Exponential { base_ms, cap_ms } } => {
                Self::Exponential { base_ms, cap_ms, attempts }
            }
            Policy::Retry { attempts, backoff: Backoff::Fixed { delay_ms } } => Self::Fixed { delay_ms, attempts },
            Policy::Retry { attempts, backoff: Backoff::Linear { step_ms, cap_ms } } => {
                Self::Linear { step_ms, cap_ms, attempts }
            }
            Policy::None => Self::None {},
        }
    }
}
