//! How fast Redis answers of late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When answers take longer than this on average, the database is faster.
pub(in crate::cache) const SLOW: Duration = Duration::from_millis(25);
/// Answers before an average says anything.
const ENOUGH: u64 = 16;

/// The mean of the last answers' latencies, weighted exponentially: the last sixteen make up two thirds of it.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// Lost updates of a mean are no loss, so two atomics do.
    mean_us: AtomicU64,
    answers: AtomicU64,
}

impl Speed {
    /// Notes an answer; says whether answers have become slow.
    pub fn note(&self, latency: Duration) -> bool {
        let latency = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).min(10_000_000);
        let mean = self.mean_us.load(Ordering::Relaxed);
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        let mean = if answers == 1 { latency } else { (mean * 15 + latency) / 16 };
        self.mean_us.store(mean, Ordering::Relaxed);
        answers >= ENOUGH && u128::from(mean) > SLOW.as_micros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_answer_is_none_but_many_are() {
        let speed = Speed::default();
        for _ in 0..100 {
            assert!(!speed.note(Duration::from_millis(1)));
        }
        assert!(!speed.note(Duration::from_millis(49)));
        let slow_after = (1..100).find(|_| speed.note(Duration::from_millis(40)));
        assert!(slow_after.is_some_and(|answers| answers < 20), "{slow_after:?}");
    }

    #[test]
    fn the_first_answers_say_nothing_yet() {
        let speed = Speed::default();
        assert!((1..ENOUGH).all(|_| !speed.note(Duration::from_millis(45))));
        assert!(speed.note(Duration::from_millis(45)));
    }
}
