//! How fast something that failed is tried again: for ever, ever slower up to a cap, and never all at once.

use std::time::{Duration, Instant};

use crate::retry::Backoff;

const BACKOFF: Backoff = Backoff::Exponential { base_ms: 100, cap_ms: 5_000 };
/// Full jitter may draw nothing at all, which must not become a busy loop.
const SHORTEST: Duration = Duration::from_millis(20);
/// What held for so long begins anew when it fails.
const STEADY: Duration = Duration::from_secs(10);

/// The pauses between attempts.
#[derive(Debug)]
pub(super) struct Pace {
    failures: u32,
    begun: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { failures: 0, begun: Instant::now() }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        self.begun = Instant::now();
    }

    /// Waits after a failure.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.failed(self.begun.elapsed())).await;
    }

    fn failed(&mut self, held: Duration) -> Duration {
        self.failures = if held >= STEADY { 1 } else { self.failures.saturating_add(1) };
        BACKOFF.delay(self.failures, &mut fastrand::f64).max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_cap_and_are_never_nothing() {
        let mut pace = Pace::new();
        let pauses: Vec<_> = (0..1_000).map(|_| pace.failed(Duration::ZERO)).collect();
        assert!(pauses.iter().all(|pause| (SHORTEST..=Duration::from_secs(5)).contains(pause)));
        assert!(pauses[..1].iter().all(|pause| *pause <= Duration::from_millis(100)));
        assert!(pauses.iter().any(|pause| *pause > Duration::from_secs(4)));
    }

    #[test]
    fn what_held_for_a_while_is_tried_again_soon() {
        let mut pace = Pace::new();
        assert!((0..20).all(|_| pace.failed(Duration::ZERO) > Duration::ZERO));
        assert!(pace.failed(STEADY) <= Duration::from_millis(100));
    }
}
