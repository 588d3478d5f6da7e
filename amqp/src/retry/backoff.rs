//! How long to wait before a scheduled retry.

use std::time::Duration;

use super::between;

/// How the pauses between scheduled retries grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
