//! How many restarts are too many.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The most restarts a supervisor makes within a sliding window before it gives up and fails to its
/// own parent.
///
/// Source: Erlang/OTP, `supervisor(3)`, "maximum restart intensity".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// Restarts that are still allowed; with 0 the first failure escalates.
    pub restarts: u32,
    /// Length of the window.
    pub within: Duration,
}

impl Default for Intensity {
    fn default() -> Self {
        Self { restarts: 5, within: Duration::from_secs(30) }
    }
}

/// The restarts of one supervisor that still count. Never holds more than `restarts + 1` instants.
#[derive(Default)]
pub(super) struct Window {
    restarts: VecDeque<Instant>,
}

impl Window {
    /// Counts a restart at `now`; false when it is one too many.
    pub(super) fn admits(&mut self, intensity: Intensity, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|at| now.duration_since(*at) >= intensity.within) {
            self.restarts.pop_front();
        }
        if self.restarts.len() >= intensity.restarts as usize {
            return false;
        }
        self.restarts.push_back(now);
        true
    }
}
