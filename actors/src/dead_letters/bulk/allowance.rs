//! How many letters a rate allows by now.

use chrono::{DateTime, TimeDelta, Utc};

/// The fastest rate, a second.
pub const FASTEST: u32 = 1_000;

const MICROSECONDS: i64 = 1_000_000;

/// How many letters may be retried now, and up to when that uses the rate. After a pause there is no more to be had
/// than for one second, so that a process that was away does not make up for it at once.
pub fn allowance(used_to: DateTime<Utc>, now: DateTime<Utc>, per_second: u32) -> (u32, DateTime<Utc>) {
    let rate = i64::from(per_second.clamp(1, FASTEST));
    let since = (now - used_to).num_microseconds().unwrap_or(MICROSECONDS);
    if since > MICROSECONDS {
        return (u32::try_from(rate).unwrap_or(FASTEST), now);
    }
    let letters = (since.max(0) * rate) / MICROSECONDS;
    // Rounded up, so that fractions never add up to a letter too many.
    let used = (letters * MICROSECONDS).div_euclid(rate) + i64::from((letters * MICROSECONDS) % rate != 0);
    (u32::try_from(letters).unwrap_or(0), used_to + TimeDelta::microseconds(used))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_rate_is_never_exceeded(rate in 1_u32..=1_000, pauses in prop::collection::vec(0_i64..3_000_000, 1..200)) {
            let start = DateTime::UNIX_EPOCH;
            let (mut now, mut used_to, mut letters) = (start, start, 0_i64);
            for pause in pauses {
                now += TimeDelta::microseconds(pause);
                let (allowed, used) = allowance(used_to, now, rate);
                prop_assert!(used <= now && used >= used_to && allowed <= rate);
                used_to = used;
                letters += i64::from(allowed);
                let most = (now - start).num_microseconds().unwrap_or(0) * i64::from(rate) / MICROSECONDS;
                prop_assert!(letters <= most, "{letters} of {most}");
            }
        }

        #[test]
        fn the_rate_is_reached_by_whoever_looks_often(rate in 1_u32..=1_000, look_us in 1_000_i64..100_000) {
            let (start, mut used_to, mut letters) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH, 0_i64);
            let looks = 10 * MICROSECONDS / look_us;
            for number in 1..=looks {
                let (allowed, used) = allowance(used_to, start + TimeDelta::microseconds(number * look_us), rate);
                used_to = used;
                letters += i64::from(allowed);
            }
            let most = looks * look_us * i64::from(rate) / MICROSECONDS;
            prop_assert!(letters >= most - 1 - most / 100, "{letters} of {most}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_allows_nothing() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(allowance(now + TimeDelta::seconds(5), now, 1_000), (0, now + TimeDelta::seconds(5)));
    }
}
