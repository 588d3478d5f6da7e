//! How long readers waited, and how long they may.

use std::fmt;
use std::time::{Duration, Instant};

use super::load::READERS;

/// What a trouble of Redis may cost a reader, and what counts as having paid it: a little less.
const PRICE: Duration = Duration::from_millis(50);
const PAID: Duration = Duration::from_millis(45);
/// How often each reader may pay for one trouble: once, with an allowance for circuits that open more than once.
const TIMES: usize = 3;
/// A machine that is so many times slower than it was says little of Redis.
const DISTURBED: f64 = 1.5;

/// A request that was answered.
#[derive(Debug)]
pub struct Request {
    /// When it was sent.
    pub began: Instant,
    /// How long its answer took.
    pub took: Duration,
}

/// What readers experienced during a part of a story.
#[derive(Debug)]
pub struct Figures {
    name: &'static str,
    openings: usize,
    /// Sorted.
    requests: Vec<Duration>,
    /// What the machine itself is to blame for, sorted.
    controls: Vec<Duration>,
}

impl Figures {
    /// Of these waits; the circuit opened so often meanwhile.
    pub fn of(name: &'static str, openings: usize, mut requests: Vec<Duration>, mut controls: Vec<Duration>) -> Self {
        requests.sort_unstable();
        controls.sort_unstable();
        Self { name, openings, requests, controls }
    }

    /// Compares with what they experience without trouble. "50 ms each" would be hundreds of slow requests.
    pub fn compare(&self, calm: &Self) {
        println!("{self}");
        // The machine may be slower than it was: by so much, whatever Redis does.
        let slowdown = self.slowdown(calm).max(1.0);
        let threshold = quantile(&calm.requests, 0.5).mul_f64(slowdown) + PAID;
        let slow = slower(&self.requests, threshold);
        let share = share(&calm.requests, threshold).max(share(&self.controls, threshold));
        let noise = (2.0 * share * self.requests.len() as f64).ceil() as usize;
        let allowed = TIMES * (READERS + 1) + noise;
        println!("  {slow} slower than {threshold:?}, {allowed} allowed ({noise} of them the machine's)");
        assert!(slow <= allowed, "{}: {slow} slow requests, {allowed} allowed", self.name);
        let p99 = quantile(&self.requests, 0.99);
        let bound = quantile(&calm.requests, 0.99).mul_f64(slowdown) + PRICE;
        assert!(p99 <= bound, "{}: p99 {p99:?}, {bound:?} allowed", self.name);
    }

    /// Whether the machine had other things to do: what needs neither cache nor database took much longer as well.
    pub fn is_disturbed(&self, calm: &Self) -> bool {
        self.slowdown(calm) > DISTURBED
    }

    fn slowdown(&self, calm: &Self) -> f64 {
        quantile(&self.controls, 0.99).div_duration_f64(quantile(&calm.controls, 0.99))
    }

    /// The calmer of two.
    pub fn calmer(self, other: Self) -> Self {
        if quantile(&self.requests, 0.99) <= quantile(&other.requests, 0.99) { self } else { other }
    }

    /// A trouble that Redis is given up for.
    pub fn must_have_opened(&self) {
        assert!(self.openings > 0, "{}: Redis was not given up, so nothing was tested", self.name);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share| quantile(&self.requests, share);
        let (p50, p99, worst, control) = (at(0.5), at(0.99), at(1.0), quantile(&self.controls, 0.99));
        write!(f, "{}: {} requests, p50 {p50:.1?}, p99 {p99:.1?}, worst {worst:.1?}", self.name, self.requests.len())?;
        write!(f, ", given up {} times; without the cache p99 {control:.1?}", self.openings)
    }
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place).or(sorted.last()).copied().expect("there were requests")
}

fn slower(sorted: &[Duration], than: Duration) -> usize {
    sorted.len() - sorted.partition_point(|took| *took < than)
}

fn share(sorted: &[Duration], than: Duration) -> f64 {
    slower(sorted, than) as f64 / sorted.len() as f64
}

#[test]
fn fifty_milliseconds_each_are_told_from_fifty_once() {
    let waits = |fast: usize, slow: usize| {
        let wait = |millis| Duration::from_millis(millis);
        Figures::of("test", 1, [vec![wait(2); fast], vec![wait(60); slow]].concat(), vec![wait(1); fast])
    };
    let calm = waits(1_000, 0);
    waits(5_000, READERS).compare(&calm);
    assert!(std::panic::catch_unwind(|| waits(5_000, 5 * READERS).compare(&calm)).is_err());
}
