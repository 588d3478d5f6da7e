//! Times that may be reserved, none twice.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};

/// The half hours of a day's opening hours: 6 to 22 o'clock.
const A_DAY: u64 = 32;
/// Days ahead that are used: no more than a resource may be reserved ahead.
const DAYS: u64 = 28;
/// When a resource opens: 6 o'clock on a campus five hours behind UTC, which knows no daylight saving.
const OPENS: TimeDelta = TimeDelta::hours(11);
/// How long one is.
const LENGTH: TimeDelta = TimeDelta::minutes(30);

/// A half hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant behind it.
    pub to: DateTime<Utc>,
}

impl Slot {
    /// Its two ends as JSON and URLs have them.
    pub fn texts(self) -> (String, String) {
        let text = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        (text(self.from), text(self.to))
    }
}

/// The half hours in which a resource with the usual rules is open in the coming four weeks.
#[derive(Debug, Clone)]
pub struct Slots(Vec<Slot>);

impl Slots {
    /// From tomorrow on.
    pub fn coming() -> Self {
        Self::after(DateTime::<Utc>::from(std::time::SystemTime::now()).date_naive())
    }

    fn after(today: NaiveDate) -> Self {
        let days = (1..=DAYS).filter_map(|day| today.checked_add_days(Days::new(day)));
        let open = days.filter(|day| day.weekday() != Weekday::Sun);
        let starts = open.flat_map(|day| (0..A_DAY as i32).map(move |half| (day, half)));
        Self(starts.map(|(day, half)| Self::slot(day, half)).collect())
    }

    fn slot(day: NaiveDate, half: i32) -> Slot {
        let from = day.and_time(chrono::NaiveTime::MIN).and_utc() + OPENS + LENGTH * half;
        Slot { from, to: from + LENGTH }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// One of them, in the order of time.
    pub fn nth(&self, number: usize) -> Option<Slot> {
        self.0.get(number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_each_other_within_opening_hours() {
        // A Saturday: the next day is skipped.
        let slots = Slots::after(NaiveDate::from_ymd_opt(2027, 1, 16).unwrap());
        assert_eq!(slots.count(), 24 * 32);
        let first = slots.nth(0).unwrap();
        assert_eq!(first.texts(), ("2027-01-18T11:00:00Z".to_owned(), "2027-01-18T11:30:00Z".to_owned()));
        // 22 o'clock on the campus.
        assert_eq!(slots.nth(31).unwrap().texts().1, "2027-01-19T03:00:00Z");
        assert_eq!(slots.nth(32).unwrap().texts().0, "2027-01-19T11:00:00Z");
        assert_eq!(slots.nth(slots.count()), None);
        assert!((1..slots.count()).all(|number| slots.nth(number - 1).unwrap().to <= slots.nth(number).unwrap().from));
    }
}
