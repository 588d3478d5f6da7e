//! How long to wait before a restart.

use std::time::Duration;

/// Exponential backoff with full jitter: the first restart is immediate, the n-th waits a random
/// time between zero and `min(cap, base * 2^(n - 1))`.
///
/// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Longest possible wait before the second restart.
    pub base: Duration,
    /// Longest possible wait before any restart.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(100), cap: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// Longest possible wait when `failures` restarts in a row came before this one.
    pub(super) fn ceiling(self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.base.checked_mul(factor).map_or(self.cap, |wait| wait.min(self.cap))
    }

    /// A wait drawn at random for a restart that `failures` others came before.
    pub(super) fn delay(self, failures: u32) -> Duration {
        let nanos = u64::try_from(self.ceiling(failures).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(fastrand::u64(0..=nanos))
    }
}
