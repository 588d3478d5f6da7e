//! Waiting for a condition: the only place in the tests that sleeps.

use std::time::{Duration, Instant};

/// Waits until `condition` gives something; fails the test after half a minute.
pub fn settle<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    settle_within(Duration::from_secs(30), what, condition)
}

/// Waits until `condition` gives something; fails the test after `limit`.
pub fn settle_within<T>(limit: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
