//! How many publishes may be unconfirmed at once.
//!
//! Too few leave the broker idle between two confirms, too many only lengthen its line. The window grows by a step
//! while confirms come fast and shrinks by a factor when they come late (additive increase, multiplicative decrease:
//! D. Chiu and R. Jain, 1989).

use std::time::Duration;

/// The smallest window.
pub(super) const SMALLEST: usize = 200;
/// The largest window.
pub(super) const LARGEST: usize = 1_000;
/// How much it grows.
const STEP: usize = 50;
/// Up to this median latency it grows.
const FAST: Duration = Duration::from_millis(100);
/// From this median latency on it shrinks, to seven tenths.
const LATE: Duration = Duration::from_millis(400);
/// How many confirms are looked at together.
const SAMPLE: usize = 100;

/// A window tuned by the latency of confirms.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    sample: Vec<Duration>,
    median: Option<Duration>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { size: SMALLEST, sample: Vec::with_capacity(SAMPLE), median: None }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The median latency of the last full sample.
    pub(super) fn median(&self) -> Option<Duration> {
        self.median
    }

    /// Takes note of a confirm.
    pub(super) fn record(&mut self, latency: Duration) {
        self.sample.push(latency);
        if self.sample.len() < SAMPLE {
            return;
        }
        let (_, median, _) = self.sample.select_nth_unstable(SAMPLE / 2);
        let median = *median;
        self.sample.clear();
        self.median = Some(median);
        if median <= FAST {
            self.size = (self.size + STEP).min(LARGEST);
        } else if median >= LATE {
            self.size = (self.size * 7 / 10).max(SMALLEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(window: &mut Window, latency: Duration, times: usize) {
        (0..times).for_each(|_| window.record(latency));
    }

    #[test]
    fn it_grows_while_confirms_are_fast_and_shrinks_when_they_are_late() {
        let mut window = Window::new();
        assert_eq!((window.size(), window.median()), (SMALLEST, None));
        record(&mut window, FAST, SAMPLE);
        assert_eq!((window.size(), window.median()), (SMALLEST + STEP, Some(FAST)));
        record(&mut window, FAST, 20 * SAMPLE);
        assert_eq!(window.size(), LARGEST);
        record(&mut window, FAST * 2, 5 * SAMPLE);
        assert_eq!(window.size(), LARGEST);
        record(&mut window, LATE, SAMPLE);
        assert_eq!(window.size(), LARGEST * 7 / 10);
        record(&mut window, LATE, 20 * SAMPLE);
        assert_eq!(window.size(), SMALLEST);
    }

    #[test]
    fn a_few_stragglers_do_not_shrink_it() {
        let mut window = Window::new();
        record(&mut window, LATE * 10, SAMPLE / 2 - 1);
        record(&mut window, Duration::ZERO, SAMPLE / 2 + 1);
        assert_eq!(window.size(), SMALLEST + STEP);
    }

    proptest! {
        #[test]
        fn it_never_leaves_its_bounds(latencies in prop::collection::vec(0_u64..1_000, 0..4_000)) {
            let mut window = Window::new();
            for latency in latencies {
                window.record(Duration::from_millis(latency));
                prop_assert!((SMALLEST..=LARGEST).contains(&window.size()));
            }
        }
    }
}
