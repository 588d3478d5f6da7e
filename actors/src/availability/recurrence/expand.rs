//! From a rule to instants.

use std::collections::HashSet;

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc, WeekdaySet,
};
use chrono_tz::{GapInfo, Tz};

use super::{End, MAX_OCCURRENCES, Rule, RuleError};

/// One occurrence of a series, half open: `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurrence {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it is over.
    pub end: DateTime<Utc>,
}

/// Expands a series in the local wall-clock time of `zone`.
///
/// The rule of time:
/// - The first occurrence is exactly `[first_start, first_end)`; it counts (RFC 5545 section 3.8.5.3) and must fall on
///   a day of `BYDAY` when the rule has one.
/// - Each later occurrence starts at the same local time of day as the first.
/// - A start that the clocks skip (the gap when summer time begins) moves forward by the length of the gap; put the
///   other way, it is read with the offset from before the gap (RFC 5545 section 3.3.5).
/// - A start that happens twice (the fold when summer time ends) is the first of the two instants.
/// - Every occurrence lasts exactly as long as the first, in elapsed time.
/// - When a zone skips a whole day (Pacific/Apia, 2011-12-30), a start moved onto that of the next day is the same
///   occurrence and appears, and counts, once.
///
/// `exdates` are starts to leave out. They do not extend `COUNT`, and one that is no start of the series does nothing
/// (RFC 5545 section 3.8.5.1). `UNTIL` is inclusive; as a date it is the day in `zone` the occurrence is meant for.
/// The result is sorted, without duplicates and without overlaps; it is empty only when `exdates` remove everything.
///
/// # Errors
/// A first occurrence that is empty or does not match the rule, an `UNTIL` before it, more than [`MAX_OCCURRENCES`],
/// and occurrences that overlap each other after `exdates` are gone.
pub fn expand(
    first_start: DateTime<Utc>,
    first_end: DateTime<Utc>,
    zone: Tz,
    rule: &Rule,
    exdates: &[DateTime<Utc>],
) -> Result<Vec<Occurrence>, RuleError> {
    let sane = |instant: DateTime<Utc>| (1..=9000).contains(&instant.year());
    if first_end <= first_start || !sane(first_start) || !sane(first_end) {
        return Err(RuleError::FirstOccurrence { start: first_start, end: first_end });
    }
    let starts = starts(first_start, zone, rule)?;
    let excluded: HashSet<_> = exdates.iter().collect();
    let duration = first_end - first_start;
    let occurrences = starts
        .into_iter()
        .filter(|start| !excluded.contains(start))
        .map(|start| Occurrence { start, end: start + duration })
        .collect();
    refuse_overlaps(occurrences)
}

fn starts(first: DateTime<Utc>, zone: Tz, rule: &Rule) -> Result<Vec<DateTime<Utc>>, RuleError> {
    let local = first.with_timezone(&zone).naive_local();
    let limit = match rule.end {
        End::Count(count) => usize::from(count),
        End::Instant(_) | End::Day(_) => usize::from(MAX_OCCURRENCES) + 1,
    };
    let mut starts = Vec::new();
    for date in dates(local.date(), zone, rule)? {
        let start = if starts.is_empty() {
            // Given, not computed: it may be the second instant of a fold.
            first
        } else {
            resolve(date.and_time(local.time()), zone)
        };
        let over = match rule.end {
            End::Count(_) => false,
            End::Instant(until) => start > until,
            End::Day(until) => date > until,
        };
        if over || starts.len() == limit {
            break;
        }
        if starts.last().is_none_or(|last| *last < start) {
            starts.push(start);
        }
    }
    if let (true, Some(until)) = (starts.is_empty(), rule.until_text()) {
        return Err(RuleError::EndsBeforeStart { until, start: first });
    }
    if starts.len() > usize::from(MAX_OCCURRENCES) {
        return Err(RuleError::TooMany);
    }
    Ok(starts)
}

/// The local dates of the series from `first` on, without end.
fn dates(first: NaiveDate, zone: Tz, rule: &Rule) -> Result<impl Iterator<Item = NaiveDate> + use<>, RuleError> {
    let Rule { interval, week_start, .. } = *rule;
    let days = if rule.days.is_empty() {
        WeekdaySet::single(first.weekday())
    } else if rule.days.contains(first.weekday()) {
        rule.days
    } else {
        return Err(RuleError::StartNotInByDay { date: first, weekday: first.weekday(), zone });
    };
    let into_week = first.weekday().days_since(week_start);
    let week = first - Days::new(u64::from(into_week));
    Ok((0_u64..)
        .map(move |round| week + Days::new(round * 7 * u64::from(interval)))
        .flat_map(move |week| {
            let days = days.iter(week_start);
            days.map(move |day| week + Days::new(u64::from(day.days_since(week_start))))
        })
        .skip_while(move |date| *date < first))
}

/// The instant a local time means, by the rule of time of [`expand`].
fn resolve(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => instant.to_utc(),
        LocalResult::Ambiguous(one, other) => one.to_utc().min(other.to_utc()),
        LocalResult::None => {
            let before = GapInfo::new(&local, &zone).and_then(|gap| gap.begin);
            // No table of the time zone database begins inside a gap, so `before` is always there.
            let offset = before.map_or(0, |(_, offset)| offset.fix().local_minus_utc());
            (local - TimeDelta::seconds(i64::from(offset))).and_utc()
        }
    }
}

fn refuse_overlaps(occurrences: Vec<Occurrence>) -> Result<Vec<Occurrence>, RuleError> {
    let clash = occurrences.windows(2).find(|pair| pair[1].start < pair[0].end);
    match clash {
        None => Ok(occurrences),
        Some(pair) => Err(RuleError::SelfOverlap { earlier: pair[0].start, ends: pair[0].end, later: pair[1].start }),
    }
}
