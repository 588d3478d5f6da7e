//! What is cached of the availability service, and which events outdate it.
//!
//! | key | value | outdated by |
//! |---|---|---|
//! | `availability:rules:{resourceId}` | [`RulesInForce`] | what changes them, and what [`drops_rules`] says |
//! | `availability:{resourceId}:{date}` | [`DayAvailability`] of a day of the campus | reservations on it; status, deletion and rules: every day of the resource |
//! | `reservations:active:{userId}` | [`ActiveReservations`] | the user's reservations |
//!
//! Only the HTTP edge reads through the cache. Commands and reactions of this service have no way to it: what they decide
//! on is read in their own transaction, under the lock of the resource. A stale value can therefore mislead a reader for a
//! moment, but never make a booking.

use std::time::Duration;

use amqp::events::{
    AvailabilityRulesUpdated, Event, ReservationCancelled, ReservationCreated, ReservationUpdated,
    ResourceCategoryChanged, ResourceCreated, ResourceDeleted, ResourceStatus, ResourceStatusChanged, ResourceUpdated,
    ScheduleConflictDetected,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use uuid::Uuid;

use super::days::{DayAvailability, days_of, join};
use super::get_availability::ResourceAvailability;
use super::get_days::GetDays;
use super::get_rules::RulesInForce;
use super::list_active::ActiveReservations;
use super::model::Slot;
use super::profile::LARGEST_BUFFER;
use crate::cache::{CacheClient, Family, Group, Key, Outdated};

static RULES: Family = Family::new("availability:rules", Duration::from_secs(60 * 60));
static DAYS: Family = Family::new("availability", Duration::from_secs(5 * 60));
static ACTIVE: Family = Family::new("reservations:active", Duration::from_secs(10 * 60));

/// A month with the weeks that it begins and ends in. What touches more days is one question to the database rather than so
/// many to the cache.
const READ_DAYS: usize = 43;

/// Local time has never been further from UTC than this, not even by the sun (Manila and Juneau, before the date line was
/// moved: <https://www.iana.org/time-zones>, files `asia` and `northamerica`).
const FURTHEST: TimeDelta = TimeDelta::hours(16);
/// So many days are named one by one; of more, every day of the resource is outdated.
const NAMED_DAYS: usize = 40;

/// The rules that reservations of a resource are checked against.
pub fn rules(resource_id: Uuid) -> Key<RulesInForce> {
    RULES.key(resource_id)
}

/// A resource on a day of the campus.
pub fn day(resource_id: Uuid, date: NaiveDate) -> Key<DayAvailability> {
    DAYS.key(format_args!("{resource_id}:{date}")).in_group(days(resource_id))
}

/// The reservations that a user has ahead.
pub fn active(user_id: Uuid) -> Key<ActiveReservations> {
    ACTIVE.key(user_id)
}

/// Reads what a resource is like during `span` out of the days that it touches; those that the cache does not have are
/// asked for, all at once. `None` when the days cannot answer: they are too many, or do not fit together, because the
/// resource was closed while they were read.
///
/// # Errors
/// Those of `ask`.
pub async fn read_days<E, F>(
    cache: &CacheClient,
    resource_id: Uuid,
    span: Slot,
    time_zone: Tz,
    ask: impl FnOnce(GetDays) -> F,
) -> Result<Option<ResourceAvailability>, E>
where
    E: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<DayAvailability>, E>>,
{
    let touched = days_of(span, time_zone);
    if touched.len() > READ_DAYS {
        return Ok(None);
    }
    let keys: Vec<_> = touched.iter().map(|touched| day(resource_id, touched.date)).collect();
    let fetch = |missing: Vec<usize>| {
        let days = missing.into_iter().filter_map(|number| touched.get(number)).map(|day| day.span).collect();
        ask(GetDays { resource_id, days })
    };
    let read = cache.read_all(&keys, fetch).await?;
    Ok(join(resource_id, span, &read))
}

/// Every day of a resource.
fn days(resource_id: Uuid) -> Group {
    Group::of(format!("{}:{resource_id}", DAYS.name))
}

/// RF-05: whether the cached rules of a resource are dropped when it has a new status, or is deleted. A closed resource's
/// are; one that is open, or opens again, keeps them.
pub(crate) const fn drops_rules(new_status: ResourceStatus, deleted: bool) -> bool {
    deleted || new_status.is_closed()
}

/// What an event outdates in this service's cache, once its state shows the event; `None` when the service has nothing to
/// do with it. What cannot be read outdates more rather than less.
pub(crate) fn outdated(event_type: &str, data: &Value) -> Option<Vec<Outdated>> {
    let outdated = match event_type {
        ReservationCreated::TYPE | ReservationCancelled::TYPE => [user(data), held(data, &[span(data)])].concat(),
        ReservationUpdated::TYPE => [user(data), moved(data)].concat(),
        ResourceDeleted::TYPE => of_resource(data, drops_rules(ResourceStatus::Unavailable, true)),
        ResourceStatusChanged::TYPE => of_resource(data, changed_status_drops_rules(data)),
        AvailabilityRulesUpdated::TYPE => of_resource(data, true),
        // Nothing is cached of a resource before it is known, nor of its name, place or category, nor of conflicts.
        ResourceCreated::TYPE
        | ResourceUpdated::TYPE
        | ResourceCategoryChanged::TYPE
        | ScheduleConflictDetected::TYPE => Vec::new(),
        _ => return None,
    };
    Some(outdated)
}

fn id(data: &Value, field: &str) -> Option<Uuid> {
    data.get(field)?.as_str()?.parse().ok()
}

fn user(data: &Value) -> Vec<Outdated> {
    id(data, "userId").map(|user_id| active(user_id).into()).into_iter().collect()
}

fn of_resource(data: &Value, with_rules: bool) -> Vec<Outdated> {
    let Some(resource_id) = id(data, "resourceId") else { return Vec::new() };
    let rules = with_rules.then(|| rules(resource_id).into());
    std::iter::once(days(resource_id).into()).chain(rules).collect()
}

fn changed_status_drops_rules(data: &Value) -> bool {
    let new_status = data.get("newStatus").cloned().and_then(|word| serde_json::from_value(word).ok());
    new_status.is_none_or(|new_status| drops_rules(new_status, false))
}

/// The span that the fields `startTime` and `endTime` name.
fn span(of: &Value) -> Option<Slot> {
    let at = |field: &str| of.get(field)?.as_str()?.parse::<DateTime<Utc>>().ok();
    Some(Slot { starts_at: at("startTime")?, ends_at: at("endTime")? })
}

/// What a change outdates: a reservation that stays where it is leaves its days as they are.
fn moved(data: &Value) -> Vec<Outdated> {
    let fields = [data.get("changes"), data.get("previousValues")];
    let names_time = |fields: &&Value| fields.get("startTime").or_else(|| fields.get("endTime")).is_some();
    if !fields.iter().flatten().any(names_time) {
        return Vec::new();
    }
    held(data, &fields.map(|fields| fields.and_then(span)))
}

/// The days on which these spans hold the resource, each with as long a buffer behind it as there can be. Which days that
/// are depends on the campus time zone, which an event does not tell: every day that it can be in any zone is outdated.
fn held(data: &Value, spans: &[Option<Slot>]) -> Vec<Outdated> {
    let Some(resource_id) = id(data, "resourceId") else { return Vec::new() };
    let dates: Option<Vec<Vec<NaiveDate>>> = spans.iter().map(|span| span.and_then(dates)).collect();
    match dates {
        Some(dates) => dates.into_iter().flatten().map(|date| day(resource_id, date).into()).collect(),
        None => vec![days(resource_id).into()],
    }
}

/// `None` when they are too many.
fn dates(span: Slot) -> Option<Vec<NaiveDate>> {
    let first = (span.starts_at - FURTHEST).date_naive();
    // The instant of its end is free again.
    let last = (span.ends_at + LARGEST_BUFFER + FURTHEST - TimeDelta::microseconds(1)).date_naive();
    let dates: Vec<NaiveDate> =
        first.iter_days().take_while(|date| *date <= last).take(NAMED_DAYS.saturating_add(1)).collect();
    (dates.len() <= NAMED_DAYS).then_some(dates)
}

#[cfg(test)]
#[path = "cached_tests.rs"]
mod tests;
