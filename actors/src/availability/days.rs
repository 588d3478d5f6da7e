//! A resource day by day, and how the days become one span again. Pure.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::get_availability::ResourceAvailability;
use super::model::Slot;
use super::rules::first_instant;

/// A day as the campus counts it: from its first instant to that of the next, 23 to 25 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDay {
    /// Its date.
    pub date: NaiveDate,
    /// From when to when it lasts.
    pub span: Slot,
}

/// When a resource is taken and free on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayAvailability {
    /// The day.
    pub day: Slot,
    /// Whether the resource is closed.
    pub closed: bool,
    /// When it is taken, on this day.
    pub busy: Vec<Slot>,
    /// When it is open and not taken, on this day.
    pub free: Vec<Slot>,
}

/// The days that a span touches, in order and without gaps. A date that the clocks skip is no day.
pub fn days_of(span: Slot, time_zone: Tz) -> Vec<LocalDay> {
    let date = |at: DateTime<Utc>| at.with_timezone(&time_zone).date_naive();
    let (first, last) = (date(span.starts_at) - Days::new(2), date(span.ends_at) + Days::new(3));
    let beginning = |date: NaiveDate| Some((date, first_instant(date.and_time(NaiveTime::MIN), time_zone)?));
    let beginnings: Vec<_> = first.iter_days().take_while(|date| *date <= last).filter_map(beginning).collect();
    let days = beginnings.iter().zip(beginnings.iter().skip(1)).map(|((date, starts_at), (_, ends_at))| LocalDay {
        date: *date,
        span: Slot { starts_at: *starts_at, ends_at: *ends_at },
    });
    days.filter(|day| day.span.overlaps(&span)).collect()
}

/// What the days say of a span that they cover; `None` when they are no picture of one moment, because the resource was
/// closed between them, or no such days, because another program cut them in another time zone.
pub fn join(resource_id: Uuid, span: Slot, days: &[DayAvailability]) -> Option<ResourceAvailability> {
    let (first, last) = (days.first()?, days.last()?);
    let covers = first.day.starts_at <= span.starts_at && span.ends_at <= last.day.ends_at;
    let follows = |(one, next): (&DayAvailability, &DayAvailability)| {
        one.day.ends_at == next.day.starts_at && one.closed == next.closed
    };
    if !covers || !days.iter().zip(days.iter().skip(1)).all(follows) {
        return None;
    }
    let busy = clipped(days.iter().flat_map(|day| &day.busy), span);
    let free = clipped(days.iter().flat_map(|day| &day.free), span);
    Some(ResourceAvailability { resource_id, closed: first.closed, busy, free })
}

/// What lies within `span`, joined where it touches; the spans are in the order of time.
pub(super) fn clipped<'a>(spans: impl IntoIterator<Item = &'a Slot>, span: Slot) -> Vec<Slot> {
    let mut joined: Vec<Slot> = Vec::new();
    for part in spans.into_iter().filter_map(|one| one.within(&span)) {
        match joined.last_mut() {
            Some(last) if part.starts_at <= last.ends_at => last.ends_at = last.ends_at.max(part.ends_at),
            _ => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
#[path = "days_tests.rs"]
pub(super) mod tests;
