//! Weekly recurrence: a small, strict subset of RFC 5545 (iCalendar), expanded in the wall-clock time of a zone.
//!
//! Pure: text in, occurrences out. See [`expand`] for the rule that decides what happens when clocks change.

mod expand;
mod rule;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc, Weekday};

pub use expand::{Occurrence, expand};
pub use rule::{End, Rule};

/// The most occurrences one series may have; more than a year of weekdays.
pub const MAX_OCCURRENCES: u16 = 400;

/// The longest `INTERVAL`, in weeks.
pub const MAX_INTERVAL: u8 = 52;

/// Why a recurrence rule was refused. Every text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A piece between semicolons is not `NAME=value`.
    #[error(
        "\"{0}\" is not a part of a recurrence rule: write parts as NAME=value, separated by single semicolons, \
         such as FREQ=WEEKLY;COUNT=16"
    )]
    Malformed(String),
    /// The name is none of the parts of this subset.
    #[error("the part {0} is not supported: use FREQ, INTERVAL, BYDAY, UNTIL, COUNT and WKST only")]
    UnknownPart(String),
    /// RFC 5545 section 3.3.10: a part must not occur more than once.
    #[error("the part {0} stands twice: keep one of them")]
    DuplicatePart(&'static str),
    /// `FREQ` is required by RFC 5545.
    #[error("FREQ is missing: begin the rule with FREQ=WEEKLY")]
    FrequencyMissing,
    /// Only weekly series exist.
    #[error("FREQ={0} is not supported: only FREQ=WEEKLY is; list the days in BYDAY")]
    Frequency(String),
    /// `INTERVAL` is no number or out of range.
    #[error("INTERVAL={0} is not allowed: give a whole number of weeks from 1 to {MAX_INTERVAL}")]
    Interval(String),
    /// `COUNT` is no number or out of range.
    #[error("COUNT={0} is not allowed: give a whole number of occurrences from 1 to {MAX_OCCURRENCES}")]
    Count(String),
    /// `UNTIL` is neither a date nor a UTC instant.
    #[error(
        "UNTIL={0} is not allowed: give a UTC instant such as 20261231T235959Z, \
         or a date such as 20261231 for that whole local day"
    )]
    Until(String),
    /// `BYDAY` holds something else than days of the week.
    #[error("BYDAY={0} is not allowed: give days out of MO,TU,WE,TH,FR,SA,SU separated by commas, without numbers")]
    ByDay(String),
    /// `WKST` is not a day of the week.
    #[error("WKST={0} is not allowed: give one day out of MO,TU,WE,TH,FR,SA,SU")]
    WeekStart(String),
    /// RFC 5545 forbids both ends in one rule.
    #[error("UNTIL and COUNT cannot stand together (RFC 5545): keep one of them")]
    TwoEnds,
    /// The series would never end.
    #[error("the series has no end, and endless series are not allowed: add UNTIL or COUNT")]
    Endless,
    /// The first occurrence is empty, reversed or outside the calendar.
    #[error("the first occurrence runs from {start} to {end}: it must end after it starts, in years 1 to 9000")]
    FirstOccurrence {
        /// Where it starts.
        start: DateTime<Utc>,
        /// Where it ends.
        end: DateTime<Utc>,
    },
    /// The first occurrence's local weekday is not in `BYDAY`.
    #[error(
        "the first occurrence is on {date}, a {weekday} in {zone}, which BYDAY does not list: \
         start on a listed day or add that day to BYDAY"
    )]
    StartNotInByDay {
        /// The local date of the first occurrence.
        date: NaiveDate,
        /// Its weekday.
        weekday: Weekday,
        /// The zone the date is in.
        zone: chrono_tz::Tz,
    },
    /// The series ends before it begins.
    #[error("UNTIL={until} lies before the first occurrence ({start}): move UNTIL to that occurrence or later")]
    EndsBeforeStart {
        /// `UNTIL` as the rule writes it.
        until: String,
        /// The first occurrence's start.
        start: DateTime<Utc>,
    },
    /// `UNTIL` allows more than [`MAX_OCCURRENCES`].
    #[error("the series has more than {MAX_OCCURRENCES} occurrences, the limit: choose an earlier UNTIL or split it")]
    TooMany,
    /// Two occurrences of the same series overlap.
    #[error(
        "the occurrence that starts at {earlier} ends at {ends}, after the next one starts ({later}): \
         shorten it, or repeat it less often"
    )]
    SelfOverlap {
        /// Start of the longer one.
        earlier: DateTime<Utc>,
        /// Its end.
        ends: DateTime<Utc>,
        /// Start of the one it runs into.
        later: DateTime<Utc>,
    },
}
