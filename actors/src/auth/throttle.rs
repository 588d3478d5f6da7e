//! Slowing down who guesses passwords.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;

/// Wrong passwords in a row after which an address is locked.
const FAILURES: usize = 5;
/// Within which time they count together, and how long the lock then lasts from the last of them.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Addresses remembered at most: about 2 MB.
const ADDRESSES: usize = 10_000;

/// The latest wrong passwords by address, whether or not there is an account: the lock must not tell.
pub(super) struct Throttle {
    failures: HashMap<String, VecDeque<DateTime<Utc>>>,
    most: usize,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { failures: HashMap::new(), most: ADDRESSES }
    }
}

impl Throttle {
    /// Whether a password may be tried for this address.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn check(&self, email: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let Some(until) = self.failures.get(email).and_then(locked_until) else {
            return Ok(());
        };
        let left_ms = (until - now).num_milliseconds();
        if left_ms <= 0 {
            return Ok(());
        }
        Err(Error::Locked { retry_after_s: left_ms.unsigned_abs().div_ceil(1_000) })
    }

    /// Notes a wrong password.
    pub fn failed(&mut self, email: &str, now: DateTime<Utc>) {
        if !self.failures.contains_key(email) {
            self.make_room(now);
        }
        let failures = self.failures.entry(email.to_owned()).or_default();
        failures.push_back(now);
        if failures.len() > FAILURES {
            failures.pop_front();
        }
    }

    /// Notes a right password: the row of wrong ones is over.
    pub fn succeeded(&mut self, email: &str) {
        self.failures.remove(email);
    }

    /// Forgets what no longer counts and, if that is not enough, the address with the fewest and oldest failures, so
    /// that a flood of made-up addresses does not open a lock before all others have gone.
    fn make_room(&mut self, now: DateTime<Utc>) {
        if self.failures.len() < self.most {
            return;
        }
        self.failures.retain(|_, failures| failures.back().is_some_and(|last| now - *last < WINDOW));
        if self.failures.len() >= self.most {
            let least = self.failures.iter().min_by_key(|(_, failures)| (failures.len(), failures.back().copied()));
            if let Some(email) = least.map(|(email, _)| email.clone()) {
                self.failures.remove(&email);
            }
        }
    }
}

fn locked_until(failures: &VecDeque<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let (first, last) = (failures.front()?, failures.back()?);
    (failures.len() == FAILURES && *last - *first < WINDOW).then(|| *last + WINDOW)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
    }

    fn after(failures: &[i64]) -> Throttle {
        let mut throttle = Throttle::default();
        failures.iter().for_each(|second| throttle.failed("a@b", at(*second)));
        throttle
    }

    fn wait_s(throttle: &Throttle, second: i64) -> Option<u64> {
        match throttle.check("a@b", at(second)) {
            Err(Error::Locked { retry_after_s }) => Some(retry_after_s),
            _ => None,
        }
    }

    #[test]
    fn the_fifth_failure_locks_for_fifteen_minutes() {
        assert_eq!(wait_s(&after(&[0, 1, 2, 3]), 3), None);
        let throttle = after(&[0, 1, 2, 3, 4]);
        assert_eq!((wait_s(&throttle, 4), wait_s(&throttle, 903), wait_s(&throttle, 904)), (Some(900), Some(1), None));
        assert!(throttle.check("c@d", at(4)).is_ok(), "another address");
    }

    #[test]
    fn failures_far_apart_do_not_count_together() {
        assert_eq!(wait_s(&after(&[0, 300, 600, 800, 900]), 900), None);
        assert_eq!(wait_s(&after(&[0, 300, 600, 800, 900, 901]), 901), Some(900));
    }

    #[test]
    fn after_the_lock_there_are_five_attempts_again() {
        assert_eq!(wait_s(&after(&[0, 0, 0, 0, 0, 900, 901, 902, 903]), 903), None);
        assert_eq!(wait_s(&after(&[0, 0, 0, 0, 0, 900, 901, 902, 903, 904]), 904), Some(900));
    }

    #[test]
    fn a_right_password_begins_a_new_row() {
        let mut throttle = after(&[0, 1, 2, 3]);
        throttle.succeeded("a@b");
        throttle.failed("a@b", at(4));
        assert_eq!(wait_s(&throttle, 4), None);
    }

    #[test]
    fn made_up_addresses_do_not_open_a_lock() {
        let mut throttle = Throttle { most: 3, ..after(&[0, 1, 2, 3, 4]) };
        (0..100).for_each(|number| throttle.failed(&format!("{number}@b"), at(5)));
        assert_eq!((wait_s(&throttle, 5), throttle.failures.len()), (Some(899), 3));
        throttle.failed("late@b", at(2_000));
        assert_eq!(throttle.failures.len(), 1, "what no longer counts is forgotten");
    }

    proptest! {
        /// However the attempts are spread, no more than five wrong ones get through in any fifteen minutes.
        #[test]
        fn at_most_five_failures_in_a_window(gaps in prop::collection::vec(0i64..400, 1..60)) {
            let mut throttle = Throttle::default();
            let (mut second, mut through) = (0, Vec::new());
            for gap in gaps {
                second += gap;
                if throttle.check("a@b", at(second)).is_ok() {
                    throttle.failed("a@b", at(second));
                    through.push(second);
                }
            }
            prop_assert!(through.windows(FAILURES + 1).all(|six| six[FAILURES] - six[0] >= WINDOW.num_seconds()));
        }
    }
}
