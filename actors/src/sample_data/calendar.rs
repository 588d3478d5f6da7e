//! The days on which rooms are reserved.

use amqp::events::WeeklySchedule;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

/// Reservations begin and end at whole half hours.
pub(super) const STEP_MINUTES: i64 = 30;
/// Reservations of a room on a day from Monday to Friday: with [`super::plan::DURATIONS`] they take about half of it.
const ON_A_WEEKDAY: u64 = 4;
/// Reservations of a room on a Saturday or Sunday, if it is open then.
const ON_THE_WEEKEND: u64 = 2;

/// A day on which rooms are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenDay {
    /// Which day.
    pub date: NaiveDate,
    /// When rooms open.
    pub opens_at: DateTime<Utc>,
    /// How many steps of half an hour later they close.
    pub steps: u32,
    /// The most reservations of one room.
    pub quota: u64,
}

/// The day, if rooms are open then; not one on which clocks are changed during opening hours.
pub(super) fn open_day(date: NaiveDate, hours: &WeeklySchedule, time_zone: Tz) -> Option<OpenDay> {
    if !hours.weekdays.contains(&date.weekday().into()) {
        return None;
    }
    let instant = |time| date.and_time(time).and_local_timezone(time_zone).single();
    let (opens_at, closes_at) = (instant(hours.opens_at)?, instant(hours.closes_at)?);
    if closes_at - opens_at != hours.closes_at - hours.opens_at {
        return None;
    }
    let steps = u32::try_from((closes_at - opens_at).num_minutes() / STEP_MINUTES).ok()?;
    let quota = match date.weekday() {
        Weekday::Sat | Weekday::Sun => ON_THE_WEEKEND,
        _ => ON_A_WEEKDAY,
    };
    Some(OpenDay { date, opens_at: opens_at.to_utc(), steps, quota })
}

impl OpenDay {
    /// The instant so many steps after opening.
    pub fn at(&self, step: u32) -> DateTime<Utc> {
        self.opens_at + TimeDelta::minutes(STEP_MINUTES * i64::from(step))
    }

    /// The day's number, the same whatever the plan.
    pub fn number(&self) -> u64 {
        self.date.num_days_from_ce().unsigned_abs().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(date: &str, time_zone: Tz) -> Option<OpenDay> {
        open_day(date.parse().expect("a date"), &WeeklySchedule::default(), time_zone)
    }

    #[test]
    fn a_day_has_its_local_hours() {
        let monday = on("2026-03-02", chrono_tz::America::Bogota).expect("open");
        assert_eq!(monday.opens_at.to_rfc3339(), "2026-03-02T11:00:00+00:00");
        assert_eq!((monday.steps, monday.quota), (32, ON_A_WEEKDAY));
        assert_eq!(monday.at(32).to_rfc3339(), "2026-03-03T03:00:00+00:00");
        assert_eq!(on("2026-03-07", chrono_tz::America::Bogota).map(|day| day.quota), Some(ON_THE_WEEKEND));
        assert_eq!(on("2026-03-08", chrono_tz::America::Bogota), None, "a Sunday");
    }

    #[test]
    fn a_day_that_a_calendar_skips_is_none() {
        assert_eq!(on("2011-12-30", chrono_tz::Pacific::Apia), None);
        assert!(on("2011-12-29", chrono_tz::Pacific::Apia).is_some());
    }
}
