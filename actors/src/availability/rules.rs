//! The rules of a resource, checked all at once. Pure.

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::model::Slot;
use super::profile::Profile;
use crate::service::Context;
use crate::violation::Violation;

/// Live reservations that a student may have in one week, Monday to Sunday on the campus.
pub const WEEKLY_LIMIT: i64 = 5;

/// What the rules are checked against.
pub struct Request<'a> {
    /// The resource.
    pub profile: &'a Profile,
    /// From when to when.
    pub slot: Slot,
    /// People who come, the user included, when known.
    pub people: Option<usize>,
    /// The present.
    pub now: DateTime<Utc>,
    /// The campus time zone.
    pub time_zone: Tz,
}

impl<'a> Request<'a> {
    /// The request that a caller makes now.
    pub fn of(profile: &'a Profile, slot: Slot, people: Option<usize>, context: &Context) -> Self {
        Self { profile, slot, people, now: context.origin.now, time_zone: context.time_zone }
    }

    /// Every rule that the request breaks.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = self.order();
        if found.is_empty() {
            found.extend(self.closed());
            found.extend(self.past());
            found.extend(self.advance());
            found.extend(self.duration());
            found.extend(self.opening());
            found.extend(self.capacity());
        }
        found
    }

    /// As [`Request::violations`], without how far ahead it may be: a series reaches as far as it reaches.
    pub fn violations_in_series(&self) -> Vec<Violation> {
        let mut found = self.violations();
        found.retain(|violation| violation.code != "rule.max_advance");
        found
    }

    fn order(&self) -> Vec<Violation> {
        if self.slot.starts_at < self.slot.ends_at {
            return Vec::new();
        }
        vec![Violation::field("rule.time_order", "endTime", "endTime must be later than startTime")]
    }

    fn closed(&self) -> Option<Violation> {
        self.profile.status.is_closed().then(|| {
            let status = super::profile::word(&self.profile.status);
            Violation::rule("rule.resource_closed", format!("the resource is closed ({status})"))
        })
    }

    fn past(&self) -> Option<Violation> {
        (self.slot.starts_at < self.now)
            .then(|| Violation::field("rule.past", "startTime", "startTime must not be in the past"))
    }

    fn advance(&self) -> Option<Violation> {
        let days = self.profile.rules.max_advance_booking_days;
        (self.slot.starts_at > self.now + TimeDelta::days(days.into())).then(|| {
            let message = format!("the resource can be reserved at most {days} days ahead");
            Violation::field("rule.max_advance", "startTime", message)
        })
    }

    fn duration(&self) -> Option<Violation> {
        let rules = &self.profile.rules;
        let duration = self.slot.duration();
        let (least, most) = (rules.min_booking_duration_minutes, rules.max_booking_duration_minutes);
        if duration < TimeDelta::minutes(least.into()) {
            let message = format!("a reservation must last at least {least} minutes");
            return Some(Violation::field("rule.min_duration", "endTime", message));
        }
        (duration > TimeDelta::minutes(most.into())).then(|| {
            let message = format!("a reservation must last at most {most} minutes");
            Violation::field("rule.max_duration", "endTime", message)
        })
    }

    fn opening(&self) -> Option<Violation> {
        let custom = self.profile.custom_rules();
        let opening = &self.profile.opening;
        let starts = self.slot.starts_at.with_timezone(&self.time_zone);
        let ends = self.slot.ends_at.with_timezone(&self.time_zone);
        // Its last instant may lie in the weekend although its first does not.
        let last = ends - TimeDelta::microseconds(1);
        let weekend = [starts, last].iter().any(|at| matches!(at.weekday(), Weekday::Sat | Weekday::Sun));
        if custom.weekdays_only && weekend {
            return Some(Violation::field("rule.weekdays_only", "startTime", "the resource is open Monday to Friday"));
        }
        if !custom.business_hours_only {
            return None;
        }
        let open_day = opening.weekdays.contains(&starts.weekday().into());
        // Midnight belongs to the day that ends with it.
        let next_day = starts.date_naive() + Days::new(1);
        let to_midnight = Some(self.slot.ends_at) == first_instant(next_day.and_time(NaiveTime::MIN), self.time_zone);
        let same_day = starts.date_naive() == ends.date_naive();
        let inside = starts.time() >= opening.opens_at
            && if opening.closes_at == NaiveTime::MIN {
                same_day || to_midnight
            } else {
                same_day && ends.time() <= opening.closes_at
            };
        (!open_day || !inside).then(|| {
            let days: Vec<_> = opening.weekdays.iter().map(super::profile::word).collect();
            let message = format!(
                "the resource is open {} to {} ({}) on {}",
                opening.opens_at.format("%H:%M"),
                opening.closes_at.format("%H:%M"),
                self.time_zone,
                days.join(", ")
            );
            Violation::field("rule.opening_hours", "startTime", message)
        })
    }

    fn capacity(&self) -> Option<Violation> {
        let (people, capacity) = (self.people?, self.profile.capacity?);
        (people > usize::try_from(capacity).unwrap_or(usize::MAX)).then(|| {
            let message = format!("the resource takes {capacity} people, not {people}");
            Violation::field("rule.capacity", "participants", message)
        })
    }
}

/// The first instant at which the clock on the wall shows `local`, or the change of time that skips it.
pub(super) fn first_instant(local: NaiveDateTime, time_zone: Tz) -> Option<DateTime<Utc>> {
    // The longest change, but for islands that once skipped a day, is of three hours.
    const LONGEST_CHANGE_MINUTES: i64 = 180;
    (0..=LONGEST_CHANGE_MINUTES).find_map(|minutes| {
        let shown = (local + TimeDelta::minutes(minutes)).and_local_timezone(time_zone).earliest();
        shown.map(|instant| instant.with_timezone(&Utc))
    })
}

/// The week on the campus, Monday to Sunday, in which `instant` lies.
pub fn week_of(instant: DateTime<Utc>, time_zone: Tz) -> Slot {
    let date = instant.with_timezone(&time_zone).date_naive();
    let monday = date - Days::new(date.weekday().num_days_from_monday().into());
    let midnight = |day: chrono::NaiveDate| {
        let local = day.and_time(NaiveTime::MIN);
        first_instant(local, time_zone).unwrap_or(local.and_utc())
    };
    Slot { starts_at: midnight(monday), ends_at: midnight(monday + Days::new(7)) }
}

/// The violation of a student who has `live` reservations in the week already.
pub fn weekly_limit(live: i64) -> Option<Violation> {
    (live >= WEEKLY_LIMIT).then(|| {
        let message = format!("you have {live} reservations in that week; {WEEKLY_LIMIT} are the limit");
        Violation::rule("rule.weekly_limit", message)
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
