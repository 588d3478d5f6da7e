//! What is wrong at this moment, and the figures: what the parts of the road report and its users read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{Condition, Source};

/// A part that reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The road as a whole.
    Road,
    /// The publishing connection.
    Publishing,
    /// The broker's topology.
    Topology,
    /// The consuming connection.
    Consuming,
    /// One consumer.
    Consumer(Source),
}

/// What the parts report.
#[derive(Debug, Default)]
pub(super) struct Board {
    troubles: Mutex<BTreeMap<Part, String>>,
    unconfirmed: AtomicUsize,
    window: AtomicUsize,
    /// Microseconds; nothing is known while it is 0.
    latency: AtomicU64,
    stale_acks: AtomicU64,
    reconnects: AtomicU64,
}

impl Board {
    /// A part reports a trouble, in place of its former one.
    pub(super) fn report(&self, part: Part, trouble: &str) {
        let news = self.lock().insert(part, trouble.to_owned()).is_none_or(|former| former != trouble);
        if news {
            log::warn!("{trouble}");
        }
    }

    /// A part has not begun yet, which is a trouble only for as long as it lasts.
    pub(super) fn begin(&self, part: Part, what: &str) {
        self.lock().insert(part, what.to_owned());
    }

    /// A part works.
    pub(super) fn clear(&self, part: Part) {
        self.lock().remove(&part);
    }

    /// Nobody reports any more.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    pub(super) fn publishing(&self, unconfirmed: usize, window: usize, latency: Option<Duration>) {
        self.unconfirmed.store(unconfirmed, Ordering::Relaxed);
        self.window.store(window, Ordering::Relaxed);
        let latency = latency.map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
        self.latency.store(latency, Ordering::Relaxed);
    }

    /// A delivery was settled after its channel was gone; it comes again.
    pub(super) fn stale_ack(&self) {
        self.stale_acks.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection has to be opened again.
    pub(super) fn reconnect(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn condition(&self) -> Condition {
        let mut troubles = Vec::new();
        for trouble in self.lock().values() {
            // Two connections to the same broker mostly fail in the same words.
            if !troubles.contains(trouble) {
                troubles.push(trouble.clone());
            }
        }
        Condition { troubles, figures: Some(self.figures()) }
    }

    fn figures(&self) -> String {
        let latency = match self.latency.load(Ordering::Relaxed) {
            0 => "unknown".to_owned(),
            microseconds => format!("{:.1} ms", Duration::from_micros(microseconds).as_secs_f64() * 1_000.0),
        };
        format!(
            "{} unconfirmed, window {}, median confirm latency {latency}, {} stale acks, {} reconnects",
            self.unconfirmed.load(Ordering::Relaxed),
            self.window.load(Ordering::Relaxed),
            self.stale_acks.load(Ordering::Relaxed),
            self.reconnects.load(Ordering::Relaxed),
        )
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, String>> {
        // Every change under the lock is complete in itself.
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_names_each_trouble_once_until_it_is_gone() {
        let board = Board::default();
        board.report(Part::Consuming, "away");
        board.report(Part::Publishing, "away");
        board.report(Part::Road, "odd");
        assert_eq!(board.condition().troubles, ["odd", "away"]);
        board.clear(Part::Publishing);
        board.report(Part::Road, "odder");
        assert_eq!(board.condition().troubles, ["odder", "away"]);
    }

    #[test]
    fn the_figures_are_for_people() {
        let board = Board::default();
        assert!(board.condition().figures.unwrap().contains("latency unknown"));
        board.publishing(12, 400, Some(Duration::from_micros(2_540)));
        board.stale_ack();
        let figures = "12 unconfirmed, window 400, median confirm latency 2.5 ms, 1 stale acks, 0 reconnects";
        assert_eq!(board.condition().figures.as_deref(), Some(figures));
    }
}
