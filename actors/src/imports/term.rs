//! A term: the days over which a timetable recurs.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::availability::Slot;
use crate::availability::recurrence::{Rule, expand};

/// The first and the last day of a term, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// The longest term, in days.
const LONGEST: i64 = 366;

impl Term {
    /// A term of at least a day and at most a year.
    ///
    /// # Errors
    /// A text saying what is wrong.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, String> {
        // What recurrence rules can write, with room for the calendar's arithmetic.
        if let Some(date) = [from, to].into_iter().find(|date| !(1..=9000).contains(&date.year())) {
            return Err(format!("{date} is in no year from 1 to 9000"));
        }
        let days = (to - from).num_days() + 1;
        if days < 1 {
            return Err(format!("the term ends on {to}, before it begins on {from}"));
        }
        if days > LONGEST {
            return Err(format!("the term has {days} days; {LONGEST} are the limit"));
        }
        Ok(Self { from, to })
    }

    /// The weekly occurrences of a block of hours within the term, and their rule (RFC 5545).
    ///
    /// # Errors
    /// A text saying why there are none that can be computed.
    pub fn occurrences(
        &self,
        weekday: Weekday,
        hours: (chrono::NaiveTime, chrono::NaiveTime),
        time_zone: Tz,
    ) -> Result<(String, Vec<Slot>), String> {
        let ahead = (7 + weekday.num_days_from_monday() - self.from.weekday().num_days_from_monday()) % 7;
        let first = self.from + TimeDelta::days(ahead.into());
        let text = format!("FREQ=WEEKLY;UNTIL={}", self.to.format("%Y%m%d"));
        if first > self.to {
            return Ok((text, Vec::new()));
        }
        let rule = Rule::parse(&text).map_err(|error| error.to_string())?;
        let start = instant(first.and_time(hours.0), time_zone)?;
        let end = instant(first.and_time(hours.1), time_zone)?;
        let found = expand(start, end, time_zone, &rule, &[]).map_err(|error| error.to_string())?;
        Ok((text, found.into_iter().map(|found| Slot { starts_at: found.start, ends_at: found.end }).collect()))
    }
}

fn instant(local: NaiveDateTime, time_zone: Tz) -> Result<DateTime<Utc>, String> {
    let found = local.and_local_timezone(time_zone).earliest();
    found.map(|time| time.with_timezone(&Utc)).ok_or_else(|| format!("{local} does not exist in {time_zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveTime;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_block_recurs_on_its_weekday_from_the_first_day_to_the_last() {
        let term = Term::new(day("2026-02-02"), day("2026-05-24")).expect("16 weeks");
        let hours = (NaiveTime::from_hms_opt(6, 0, 0).expect("6"), NaiveTime::from_hms_opt(8, 0, 0).expect("8"));
        let zone = chrono_tz::America::Bogota;
        for (weekday, first) in [(Weekday::Mon, "2026-02-02T11:00:00Z"), (Weekday::Sun, "2026-02-08T11:00:00Z")] {
            let (rule, slots) = term.occurrences(weekday, hours, zone).expect("computable");
            assert_eq!((rule.as_str(), slots.len()), ("FREQ=WEEKLY;UNTIL=20260524", 16));
            assert_eq!(slots[0].starts_at, first.parse::<DateTime<Utc>>().expect("an instant"));
        }
    }

    #[test]
    fn a_term_lies_within_the_calendar() {
        for (from, to) in
            [(NaiveDate::MAX, NaiveDate::MAX), (NaiveDate::MIN, NaiveDate::MIN), (day("2026-02-02"), NaiveDate::MAX)]
        {
            assert!(Term::new(from, to).is_err_and(|reason| reason.contains("9000")), "{from} {to}");
        }
        assert!(Term::new(day("2026-02-02"), day("2026-02-01")).is_err());
        assert!(Term::new(day("2026-01-01"), day("2027-01-02")).is_err());
    }

    #[test]
    fn a_term_without_the_weekday_has_no_occurrence() {
        let term = Term::new(day("2026-02-03"), day("2026-02-04")).expect("two days");
        let hours = (NaiveTime::MIN, NaiveTime::from_hms_opt(1, 0, 0).expect("1"));
        let (_, slots) = term.occurrences(Weekday::Mon, hours, chrono_tz::UTC).expect("computable");
        assert!(slots.is_empty());
    }

    #[test]
    fn a_term_has_an_order_and_a_bound() {
        assert!(Term::new(day("2026-02-03"), day("2026-02-02")).is_err());
        assert!(Term::new(day("2026-01-01"), day("2027-01-02")).is_err());
    }
}
