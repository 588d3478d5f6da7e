//! When one resource is taken and when it is free.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::days::clipped;
use super::error::Error;
use super::model::Slot;
use super::occupancy::{self, Hold};
use super::profile::Profile;
use super::rules::first_instant;
use super::{Availability, profile};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};
use crate::violation::Violation;

/// The longest span that can be asked for.
const LONGEST: TimeDelta = TimeDelta::days(62);

/// When a resource is taken and when it is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAvailability {
    /// The resource.
    pub resource_id: Uuid,
    /// Whether it is closed now, whatever its times.
    pub closed: bool,
    /// When it is taken within the span, as far as no further reservation fits: buffers included, in the order of time.
    pub busy: Vec<Slot>,
    /// When it is open and not taken within the span, in the order of time. Before what is taken, a
    /// reservation must also leave the time that is kept free behind it.
    pub free: Vec<Slot>,
}

/// When a resource is taken and free between two instants, at most 62 days apart.
#[derive(Debug, Clone, Copy)]
pub struct GetAvailability {
    /// Which one.
    pub resource_id: Uuid,
    /// From when.
    pub from: DateTime<Utc>,
    /// To when.
    pub to: DateTime<Utc>,
}

impl Query for GetAvailability {
    type Service = Availability;
    type Answer = ResourceAvailability;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<ResourceAvailability, Error> {
        let span = self.span()?;
        let profile = profile::existing(connection, self.resource_id)?;
        let holds = occupancy::holds(connection, self.resource_id, span)?;
        Ok(during(&profile, &holds, span, context.time_zone))
    }
}

impl GetAvailability {
    /// The span that is asked for.
    ///
    /// # Errors
    /// [`Error::Broken`] when it has no order, or is too long.
    pub fn span(&self) -> Result<Slot, Error> {
        check_span(self.from, self.to, LONGEST)
    }
}

/// What a resource is like during `span`, given all that holds it then, and perhaps more.
pub(super) fn during(profile: &Profile, holds: &[Hold], span: Slot, time_zone: Tz) -> ResourceAvailability {
    let busy = clipped(&full(holds, profile.units()), span);
    let closed = profile.status.is_closed();
    let open = if closed { Vec::new() } else { open_times(profile, span, time_zone) };
    let free = clipped(&subtract(&open, &busy), span);
    ResourceAvailability { resource_id: profile.resource_id, closed, busy, free }
}

/// A span with an order and a bound.
pub(super) fn check_span(from: DateTime<Utc>, to: DateTime<Utc>, longest: TimeDelta) -> Result<Slot, Error> {
    let span = Slot::new(from, to);
    let problem = if span.starts_at >= span.ends_at {
        "to must be later than from".to_owned()
    } else if span.duration() > longest {
        format!("from and to may be at most {} hours apart", longest.num_hours())
    } else {
        return Ok(span);
    };
    Err(Error::Broken(vec![Violation::field("field.range", "to", problem)]))
}

/// The spans in which every unit is held, joined where they touch.
fn full(holds: &[Hold], units: i32) -> Vec<Slot> {
    let mut edges: Vec<(DateTime<Utc>, i32)> =
        holds.iter().flat_map(|hold| [(hold.slot().starts_at, 1), (hold.slot().ends_at, -1)]).collect();
    // At the same instant what begins counts before what ends, so that spans that touch are one.
    edges.sort_by_key(|(at, change)| (*at, -change));
    let (mut held, mut since, mut spans) = (0, None, Vec::new());
    for (at, change) in edges {
        held += change;
        match since {
            None if held >= units => since = Some(at),
            Some(starts_at) if held < units => {
                since = None;
                if starts_at < at {
                    spans.push(Slot { starts_at, ends_at: at });
                }
            }
            _ => {}
        }
    }
    spans
}

/// When the resource is open within `span`.
fn open_times(profile: &Profile, span: Slot, time_zone: Tz) -> Vec<Slot> {
    let custom = profile.custom_rules();
    if !custom.business_hours_only && !custom.weekdays_only {
        return vec![span];
    }
    let opening = &profile.opening;
    // A day more at both ends: where clocks once went back over midnight, dates do not follow each other in time.
    let first = span.starts_at.with_timezone(&time_zone).date_naive() - Days::new(1);
    let last = span.ends_at.with_timezone(&time_zone).date_naive() + Days::new(1);
    let mut times = Vec::new();
    for day in first.iter_days().take_while(|day| *day <= last) {
        use chrono::{Datelike, NaiveTime, Weekday};
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let open_day = !custom.business_hours_only || opening.weekdays.contains(&day.weekday().into());
        if !open_day || (custom.weekdays_only && weekend) {
            continue;
        }
        let (opens, closes) = if custom.business_hours_only {
            (opening.opens_at, opening.closes_at)
        } else {
            (NaiveTime::MIN, NaiveTime::MIN)
        };
        let end_day = if closes == NaiveTime::MIN { day + Days::new(1) } else { day };
        let instant = |local| first_instant(local, time_zone);
        let (Some(starts), Some(ends)) = (instant(day.and_time(opens)), instant(end_day.and_time(closes))) else {
            continue;
        };
        let slot = Slot { starts_at: starts.max(span.starts_at), ends_at: ends.min(span.ends_at) };
        if slot.starts_at < slot.ends_at {
            times.push(slot);
        }
    }
    times
}

/// What is left of `open` without `busy`; both in the order of time and without overlaps among themselves.
fn subtract(open: &[Slot], busy: &[Slot]) -> Vec<Slot> {
    let mut free = Vec::new();
    for span in open {
        let mut from = span.starts_at;
        for taken in busy.iter().filter(|taken| taken.overlaps(span)) {
            if from < taken.starts_at {
                free.push(Slot { starts_at: from, ends_at: taken.starts_at });
            }
            from = from.max(taken.ends_at);
        }
        if from < span.ends_at {
            free.push(Slot { starts_at: from, ends_at: span.ends_at });
        }
    }
    free
}

#[cfg(test)]
#[path = "get_availability_tests.rs"]
pub(super) mod tests;
