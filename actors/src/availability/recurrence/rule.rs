//! The text of a recurrence rule: parsing and writing it back.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday, WeekdaySet};

use super::{MAX_INTERVAL, MAX_OCCURRENCES, RuleError};

/// Characters of a user's text that an error repeats.
const QUOTED_LENGTH: usize = 40;

/// How a series ends. There is always an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After this many occurrences, the first included; excluded ones count too.
    Count(u16),
    /// At this instant; an occurrence that starts exactly then still belongs to the series.
    Instant(DateTime<Utc>),
    /// With this whole local day, inclusive.
    Day(NaiveDate),
}

/// A weekly recurrence rule (`RRULE`, RFC 5545 section 3.3.10, `FREQ=WEEKLY` only).
///
/// Its `Display` is the canonical text: parts in a fixed order, defaults (`INTERVAL=1`, `WKST=MO`) left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) interval: u8,
    pub(super) days: WeekdaySet,
    pub(super) end: End,
    pub(super) week_start: Weekday,
}

impl Rule {
    /// Reads a rule such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20261231`.
    ///
    /// Case does not matter and a leading `RRULE:` is allowed.
    ///
    /// # Errors
    /// Any part that is unknown, repeated, malformed or out of range, a frequency other than weekly,
    /// `UNTIL` together with `COUNT`, and neither of the two.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let upper = text.trim().to_ascii_uppercase();
        let parts = Parts::split(upper.strip_prefix("RRULE:").unwrap_or(&upper))?;
        match parts.freq {
            None => return Err(RuleError::FrequencyMissing),
            Some("WEEKLY") => {}
            Some(other) => return Err(RuleError::Frequency(quoted(other))),
        }
        let end = match (parts.count, parts.until) {
            (Some(_), Some(_)) => return Err(RuleError::TwoEnds),
            (None, None) => return Err(RuleError::Endless),
            (Some(count), None) => {
                End::Count(number(count, MAX_OCCURRENCES).ok_or_else(|| RuleError::Count(quoted(count)))?)
            }
            (None, Some(until)) => parse_until(until).ok_or_else(|| RuleError::Until(quoted(until)))?,
        };
        Ok(Self {
            interval: parts
                .interval
                .map_or(Ok(1), |value| number(value, MAX_INTERVAL).ok_or_else(|| RuleError::Interval(quoted(value))))?,
            days: parts.by_day.map_or(Ok(WeekdaySet::EMPTY), parse_days)?,
            end,
            week_start: parts.week_start.map_or(Ok(Weekday::Mon), |value| {
                parse_day(value).ok_or_else(|| RuleError::WeekStart(quoted(value)))
            })?,
        })
    }

    /// Weeks from one round of occurrences to the next, 1 to [`MAX_INTERVAL`].
    pub fn interval_weeks(&self) -> u8 {
        self.interval
    }

    /// The local weekdays; empty means the weekday of the first occurrence.
    pub fn days(&self) -> WeekdaySet {
        self.days
    }

    /// How the series ends.
    pub fn end(&self) -> End {
        self.end
    }

    /// The day a week starts on, which matters when every second week has several days.
    pub fn week_start(&self) -> Weekday {
        self.week_start
    }

    /// `UNTIL`'s value, when there is one.
    pub(super) fn until_text(&self) -> Option<String> {
        match self.end {
            End::Count(_) => None,
            End::Instant(instant) => Some(instant.format("%Y%m%dT%H%M%SZ").to_string()),
            End::Day(day) => Some(day.format("%Y%m%d").to_string()),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::parse(text)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FREQ=WEEKLY")?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        for (place, day) in self.days.iter(Weekday::Mon).enumerate() {
            f.write_str(if place == 0 { ";BYDAY=" } else { "," })?;
            f.write_str(day_code(day))?;
        }
        if let End::Count(count) = self.end {
            write!(f, ";COUNT={count}")?;
        }
        if let Some(until) = self.until_text() {
            write!(f, ";UNTIL={until}")?;
        }
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", day_code(self.week_start))?;
        }
        Ok(())
    }
}

/// The values of a rule's parts, each at most once, not yet interpreted.
#[derive(Default)]
struct Parts<'a> {
    freq: Option<&'a str>,
    interval: Option<&'a str>,
    by_day: Option<&'a str>,
    until: Option<&'a str>,
    count: Option<&'a str>,
    week_start: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(rule: &'a str) -> Result<Self, RuleError> {
        let mut parts = Self::default();
        for piece in rule.split(';') {
            let (name, value) = piece
                .split_once('=')
                .filter(|(name, value)| !name.is_empty() && !value.is_empty())
                .ok_or_else(|| RuleError::Malformed(quoted(piece)))?;
            let (name, slot) = match name {
                "FREQ" => ("FREQ", &mut parts.freq),
                "INTERVAL" => ("INTERVAL", &mut parts.interval),
                "BYDAY" => ("BYDAY", &mut parts.by_day),
                "UNTIL" => ("UNTIL", &mut parts.until),
                "COUNT" => ("COUNT", &mut parts.count),
                "WKST" => ("WKST", &mut parts.week_start),
                other => return Err(RuleError::UnknownPart(quoted(other))),
            };
            if slot.replace(value).is_some() {
                return Err(RuleError::DuplicatePart(name));
            }
        }
        Ok(parts)
    }
}

/// A run of ASCII digits from 1 to `max`; `u16::from_str` alone would also take a sign.
fn number<T: FromStr + PartialOrd + From<u8> + Copy>(text: &str, max: T) -> Option<T> {
    let value = digits(text)?.parse::<T>().ok()?;
    (value >= T::from(1) && value <= max).then_some(value)
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// `20261231` or `20261231T235959Z`. Fixed widths, because chrono's own `%Y` takes signs and longer years.
fn parse_until(text: &str) -> Option<End> {
    let date = |text: &str| {
        let text = digits(text).filter(|text| text.len() == 8)?;
        NaiveDate::parse_from_str(text, "%Y%m%d").ok()
    };
    let Some((day, rest)) = text.split_once('T') else {
        return date(text).map(End::Day);
    };
    let time = digits(rest.strip_suffix('Z')?).filter(|time| time.len() == 6)?;
    let field = |from: usize| time.get(from..from + 2)?.parse().ok();
    let time = NaiveTime::from_hms_opt(field(0)?, field(2)?, field(4)?)?;
    Some(End::Instant(NaiveDateTime::new(date(day)?, time).and_utc()))
}

fn parse_days(text: &str) -> Result<WeekdaySet, RuleError> {
    let days = text.split(',').map(parse_day).collect::<Option<_>>();
    days.ok_or_else(|| RuleError::ByDay(quoted(text)))
}

fn parse_day(code: &str) -> Option<Weekday> {
    WeekdaySet::ALL.iter(Weekday::Mon).find(|day| day_code(*day) == code)
}

fn day_code(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

/// What the user wrote, short enough for an error text and free of control characters.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_LENGTH).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED_LENGTH).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        Rule::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_full_rule_is_read_in_any_case_and_order() {
        let rule = Rule::parse("rrule:wkst=su;byday=we,mo;until=20261231t235959z;Interval=2;freq=weekly");
        assert_eq!(rule.unwrap().to_string(), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20261231T235959Z;WKST=SU");
    }

    #[test]
    fn defaults_are_one_week_and_monday() {
        let rule: Rule = "FREQ=WEEKLY;COUNT=016;INTERVAL=1;WKST=MO".parse().unwrap();
        assert_eq!((rule.interval_weeks(), rule.week_start()), (1, Weekday::Mon));
        assert_eq!((rule.days(), rule.end()), (WeekdaySet::EMPTY, End::Count(16)));
        assert_eq!(rule.to_string(), "FREQ=WEEKLY;COUNT=16");
    }

    #[test]
    fn each_refusal_names_its_part_and_what_is_allowed() {
        for (text, says) in [
            ("", "\"\" is not a part"),
            ("FREQ=WEEKLY;COUNT=3;", "single semicolons"),
            ("FREQ=WEEKLY;COUNT", "\"COUNT\" is not a part"),
            ("FREQ=WEEKLY;COUNT=", "\"COUNT=\" is not a part"),
            ("COUNT=3", "begin the rule with FREQ=WEEKLY"),
            ("FREQ=DAILY;COUNT=3", "FREQ=DAILY is not supported"),
            ("FREQ=WEEKLY;COUNT=3;BYHOUR=9", "BYHOUR is not supported"),
            ("FREQ=WEEKLY;COUNT=3;COUNT=3", "COUNT stands twice"),
            ("FREQ=WEEKLY;COUNT=3;UNTIL=20261231", "cannot stand together"),
            ("FREQ=WEEKLY", "endless series are not allowed"),
            ("FREQ=WEEKLY;COUNT=0", "from 1 to 400"),
            ("FREQ=WEEKLY;COUNT=401", "COUNT=401"),
            ("FREQ=WEEKLY;COUNT=+3", "COUNT=+3"),
            ("FREQ=WEEKLY;COUNT=99999999999999999999", "from 1 to 400"),
            ("FREQ=WEEKLY;INTERVAL=0;COUNT=3", "from 1 to 52"),
            ("FREQ=WEEKLY;INTERVAL=53;COUNT=3", "INTERVAL=53"),
            ("FREQ=WEEKLY;BYDAY=1MO;COUNT=3", "without numbers"),
            ("FREQ=WEEKLY;BYDAY=MO,;COUNT=3", "BYDAY=MO,"),
            ("FREQ=WEEKLY;WKST=MO,TU;COUNT=3", "WKST=MO,TU"),
            ("FREQ=WEEKLY;UNTIL=20260230", "UNTIL=20260230"),
            ("FREQ=WEEKLY;UNTIL=20261231T235959", "UTC instant such as"),
            ("FREQ=WEEKLY;UNTIL=20261231T240000Z", "20261231T240000Z"),
            ("FREQ=WEEKLY;UNTIL=20261231T235960Z", "20261231T235960Z"),
            ("FREQ=WEEKLY;UNTIL=+2026123", "UNTIL=+2026123"),
        ] {
            assert!(refused(text).contains(says), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn an_error_repeats_only_the_beginning_of_a_hostile_text() {
        let text = refused(&format!("FREQ={}\u{1b}", "ñ\n".repeat(1_000_000)));
        assert!(text.len() < 300 && !text.contains('\n'), "{text}");
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let end = prop_oneof![
            (1..=MAX_OCCURRENCES).prop_map(End::Count),
            (-30_000_000_000_i64..200_000_000_000)
                .prop_map(|seconds| End::Instant(DateTime::from_timestamp(seconds, 0).unwrap())),
            (1..3_600_000_i32).prop_map(|day| End::Day(NaiveDate::from_num_days_from_ce_opt(day).unwrap())),
        ];
        let days = proptest::collection::vec(0..7_u8, 0..7);
        (1..=MAX_INTERVAL, days, end, 0..7_u8).prop_map(|(interval, days, end, week_start)| Rule {
            interval,
            days: days.into_iter().map(|day| Weekday::try_from(day).unwrap()).collect(),
            end,
            week_start: Weekday::try_from(week_start).unwrap(),
        })
    }

    proptest! {
        #[test]
        fn what_display_writes_parse_reads(rule in any_rule()) {
            prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(RRULE:)?((FREQ|INTERVAL|BYDAY|UNTIL|COUNT|WKST|\\PC)=?[A-Z0-9,ñ]{0,17};?){0,6}") {
            if let Ok(rule) = Rule::parse(&text) {
                prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule));
            }
        }
    }
}
