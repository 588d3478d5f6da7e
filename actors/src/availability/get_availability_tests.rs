use amqp::events::{AvailabilityRules, CustomRules, ResourceStatus, ResourceType, WeeklySchedule};
use chrono::{NaiveTime, TimeZone};
use chrono_tz::America::{Bogota, New_York, Santiago};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::availability::occupancy::Claim;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).expect("an instant")
}

fn slot((from, length): (i64, i64)) -> Slot {
    Slot { starts_at: at(from), ends_at: at(from + length) }
}

/// The minutes of a day that lie in one of the spans.
fn minutes(spans: &[Slot]) -> Vec<bool> {
    (0..1_440).map(|minute| spans.iter().any(|span| span.overlaps(&slot((minute, 1))))).collect()
}

fn apart(spans: &[Slot]) -> bool {
    spans.windows(2).all(|pair| pair[0].ends_at <= pair[1].starts_at)
        && spans.iter().all(|span| span.starts_at < span.ends_at)
}

/// Spans in the order of time with gaps, or none, between them.
fn spans() -> impl Strategy<Value = Vec<Slot>> {
    prop::collection::vec((0_i64..90, 1_i64..120), 0..6).prop_map(|parts| {
        let mut from = 0;
        let mut spans = Vec::new();
        for (gap, length) in parts {
            spans.push(slot((from + gap, length)));
            from += gap + length;
        }
        spans
    })
}

proptest! {
    /// What is left is, minute by minute, what is open and not busy.
    #[test]
    fn what_is_left_is_open_and_not_busy(open in spans(), busy in spans()) {
        let free = subtract(&open, &busy);
        let expected: Vec<bool> =
            minutes(&open).into_iter().zip(minutes(&busy)).map(|(open, busy)| open && !busy).collect();
        prop_assert_eq!(minutes(&free), expected);
        prop_assert!(apart(&free));
    }

    /// A minute is busy if and only if every unit is held in it, and what touches is one span.
    #[test]
    fn busy_is_when_every_unit_is_held(
        units in 1_i32..4,
        wanted in prop::collection::vec((0_i32..4, 0_i64..900, 1_i64..200), 0..12),
    ) {
        let mut held: Vec<(i32, Slot)> = Vec::new();
        for (unit, from, length) in wanted {
            let (unit, span) = (unit % units, slot((from, length)));
            if held.iter().all(|(other, slot)| *other != unit || !slot.overlaps(&span)) {
                held.push((unit, span));
            }
        }
        let claim = |(unit, slot): &(i32, Slot)| Claim { resource_id: Uuid::nil(), unit: *unit, slot: *slot, holder_id: Uuid::nil() };
        let holds: Vec<Hold> = held.iter().map(claim).flat_map(Claim::pieces).collect();
        let busy = full(&holds, units);
        let of_unit: Vec<Vec<bool>> = (0..units)
            .map(|unit| minutes(&held.iter().filter(|one| one.0 == unit).map(|one| one.1).collect::<Vec<_>>()))
            .collect();
        let expected: Vec<bool> = (0..1_440).map(|minute| of_unit.iter().all(|unit| unit[minute])).collect();
        prop_assert_eq!(minutes(&busy), expected);
        prop_assert!(apart(&busy));
        prop_assert!(busy.windows(2).all(|pair| pair[0].ends_at < pair[1].starts_at));
    }

    /// The resource is open in a quarter of an hour if and only if its rules let it be reserved then.
    #[test]
    fn open_times_are_those_that_the_rules_allow(
        business_hours_only: bool,
        weekdays_only: bool,
        until_midnight: bool,
        zone in prop::sample::select(vec![Bogota, New_York, Santiago]),
        day in 0_u64..400,
    ) {
        let custom = CustomRules { business_hours_only, weekdays_only, ..CustomRules::default() };
        let closes_at = if until_midnight { NaiveTime::MIN } else { NaiveTime::from_hms_opt(22, 0, 0).expect("a time") };
        let profile = profile(custom, WeeklySchedule { closes_at, ..WeeklySchedule::default() });
        let date = chrono::NaiveDate::from_ymd_opt(2026, 8, 1).expect("a date") + Days::new(day);
        let noon = zone.from_local_datetime(&date.and_hms_opt(12, 0, 0).expect("noon")).earliest().expect("noon exists");
        let starts_at = noon.with_timezone(&Utc) - TimeDelta::hours(24);
        let span = Slot { starts_at, ends_at: starts_at + TimeDelta::hours(48) };
        let open = open_times(&profile, span, zone);
        prop_assert!(apart(&open));
        for quarter in 0..48 * 4 {
            let starts_at = starts_at + TimeDelta::minutes(15 * quarter);
            let quarter = Slot { starts_at, ends_at: starts_at + TimeDelta::minutes(15) };
            let inside = open.iter().any(|open| open.starts_at <= quarter.starts_at && quarter.ends_at <= open.ends_at);
            let rules = super::super::rules::Request {
                profile: &profile, slot: quarter, people: None, now: span.starts_at, time_zone: zone,
            };
            prop_assert_eq!(inside, rules.violations().is_empty(), "{:?} {:?}", quarter, open);
        }
    }
}

pub fn profile(custom: CustomRules, opening: WeeklySchedule) -> Profile {
    let rules = AvailabilityRules {
        min_booking_duration_minutes: 1,
        custom_rules: Some(custom),
        ..AvailabilityRules::default()
    };
    Profile {
        resource_id: Uuid::nil(),
        version: 1,
        code: "SA401".to_owned(),
        name: "Room 401".to_owned(),
        resource_type: ResourceType::Classroom,
        capacity: None,
        category_id: None,
        building: None,
        features: Value::Null,
        status: ResourceStatus::Available,
        rules,
        opening,
        deleted: false,
    }
}

#[test]
fn a_day_that_begins_after_midnight_is_open_to_its_end() {
    let opening = WeeklySchedule { closes_at: NaiveTime::MIN, ..WeeklySchedule::default() };
    let profile = profile(CustomRules::default(), opening);
    let local =
        |day, hour| Santiago.with_ymd_and_hms(2026, 9, day, hour, 0, 0).earliest().expect("a time").with_timezone(&Utc);
    // On Sunday, 6 September 2026, Chile's clocks go from 00:00 to 01:00: Saturday ends there.
    let span = Slot { starts_at: local(5, 5), ends_at: local(6, 12) };
    assert_eq!(open_times(&profile, span, Santiago), [Slot { starts_at: local(5, 6), ends_at: local(6, 1) }]);
}

#[test]
fn a_span_has_an_order_and_a_bound() {
    let day = TimeDelta::days(1);
    assert!(check_span(at(0), at(0), day).is_err());
    assert!(check_span(at(1), at(0), day).is_err());
    assert_eq!(check_span(at(0), at(1_440), day).expect("a day"), slot((0, 1_440)));
    assert!(check_span(at(0), at(1_441), day).is_err());
}
