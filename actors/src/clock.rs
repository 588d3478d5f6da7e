//! Injected time and identifiers: the only place that asks the operating system for either.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

/// A source of the current instant, in UTC, cut to whole microseconds because that is what both engines store.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it: for tests.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the home of the system clock")]
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(now) = &self.0 {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now += by;
        }
    }
}

/// An instant as it is calculated with and stored: in whole microseconds, which both engines have, without leap seconds,
/// which neither has (23:59:60 becomes the next midnight), and within the years 1 to 9999, outside of which calendars
/// overflow and PostgreSQL refuses.
pub fn bounded(at: DateTime<Utc>) -> DateTime<Utc> {
    const FIRST_US: i64 = -62_135_596_800_000_000;
    const LAST_US: i64 = 253_402_300_799_000_000;
    let microseconds = at.timestamp_micros().clamp(FIRST_US, LAST_US);
    DateTime::from_timestamp_micros(microseconds).unwrap_or(at)
}

/// A source of new identifiers: UUID version 7 (RFC 9562), so that rows made together lie together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ids;

impl Ids {
    /// A new identifier.
    #[expect(clippy::disallowed_methods, reason = "this is the home of new identifiers")]
    pub fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_second_is_the_next_second() {
        let leap: DateTime<Utc> = "2026-12-01T14:59:60.5Z".parse().expect("an instant");
        assert_eq!(bounded(leap), "2026-12-01T15:00:00.5Z".parse::<DateTime<Utc>>().expect("an instant"));
        assert_eq!(bounded(leap).to_rfc3339(), "2026-12-01T15:00:00.500+00:00");
    }

    #[test]
    fn what_no_calendar_holds_becomes_its_edge() {
        assert_eq!(bounded(DateTime::<Utc>::MAX_UTC).to_rfc3339(), "9999-12-31T23:59:59+00:00");
        assert_eq!(bounded(DateTime::<Utc>::MIN_UTC).to_rfc3339(), "0001-01-01T00:00:00+00:00");
    }
}
