use amqp::events::{AvailabilityRules, CustomRules, ResourceStatus, ResourceType, WeeklySchedule};
use chrono::TimeZone;
use chrono_tz::America::{Bogota, New_York, Santiago};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::*;

fn profile() -> Profile {
    Profile {
        resource_id: Uuid::nil(),
        version: 1,
        code: "SA401".to_owned(),
        name: "Room 401".to_owned(),
        resource_type: ResourceType::Classroom,
        capacity: Some(30),
        category_id: None,
        building: None,
        features: Value::Null,
        status: ResourceStatus::Available,
        rules: AvailabilityRules::default(),
        opening: WeeklySchedule::default(),
        deleted: false,
    }
}

fn with_custom(custom: CustomRules) -> Profile {
    let rules = AvailabilityRules { custom_rules: Some(custom), ..AvailabilityRules::default() };
    Profile { rules, ..profile() }
}

fn always_open() -> Profile {
    with_custom(CustomRules { business_hours_only: false, ..CustomRules::default() })
}

fn local(zone: Tz, text: &str) -> DateTime<Utc> {
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
    zone.from_local_datetime(&naive).earliest().expect("a time that exists").with_timezone(&Utc)
}

fn slot(zone: Tz, from: &str, to: &str) -> Slot {
    Slot { starts_at: local(zone, from), ends_at: local(zone, to) }
}

/// The codes of the rules that are broken on Friday, 8 January 2027, at 12:00.
fn broken(profile: &Profile, zone: Tz, slot: Slot, people: Option<usize>) -> Vec<String> {
    let request = Request { profile, slot, people, now: local(zone, "2027-01-08 12:00"), time_zone: zone };
    request.violations().into_iter().map(|violation| violation.code).collect()
}

fn in_bogota(profile: &Profile, from: &str, to: &str) -> Vec<String> {
    broken(profile, Bogota, slot(Bogota, from, to), None)
}

const NOTHING: [&str; 0] = [];

#[test]
fn each_rule_alone() {
    let room = profile();
    assert_eq!(in_bogota(&room, "2027-01-11 08:00", "2027-01-11 10:00"), NOTHING);
    assert_eq!(in_bogota(&room, "2027-01-11 10:00", "2027-01-11 10:00"), ["rule.time_order"]);
    assert_eq!(in_bogota(&room, "2027-01-11 10:00", "2027-01-11 08:00"), ["rule.time_order"]);
    assert_eq!(in_bogota(&room, "2027-01-08 11:59", "2027-01-08 13:00"), ["rule.past"]);
    assert_eq!(in_bogota(&room, "2027-01-08 12:00", "2027-01-08 13:00"), NOTHING, "the present is not past");
    assert_eq!(in_bogota(&room, "2027-01-11 08:00", "2027-01-11 08:29"), ["rule.min_duration"]);
    assert_eq!(in_bogota(&room, "2027-01-11 08:00", "2027-01-11 08:30"), NOTHING);
    assert_eq!(in_bogota(&room, "2027-01-11 08:00", "2027-01-11 16:00"), NOTHING);
    assert_eq!(in_bogota(&room, "2027-01-11 08:00", "2027-01-11 16:01"), ["rule.max_duration"]);
    assert_eq!(in_bogota(&room, "2027-02-06 12:00", "2027-02-06 13:00"), NOTHING, "30 days ahead");
    assert_eq!(in_bogota(&always_open(), "2027-02-07 12:01", "2027-02-07 13:00"), ["rule.max_advance"]);
    let closed = Profile { status: ResourceStatus::Maintenance, ..profile() };
    assert_eq!(in_bogota(&closed, "2027-01-11 08:00", "2027-01-11 10:00"), ["rule.resource_closed"]);
    let monday = slot(Bogota, "2027-01-11 08:00", "2027-01-11 10:00");
    assert_eq!(broken(&room, Bogota, monday, Some(30)), NOTHING);
    assert_eq!(broken(&room, Bogota, monday, Some(31)), ["rule.capacity"]);
    assert_eq!(broken(&Profile { capacity: None, ..profile() }, Bogota, monday, Some(500)), NOTHING);
}

#[test]
fn all_at_once() {
    let rules = AvailabilityRules { max_advance_booking_days: 1, ..AvailabilityRules::default() };
    let room = Profile { status: ResourceStatus::Unavailable, rules, ..profile() };
    let sunday = slot(Bogota, "2027-01-10 23:00", "2027-01-10 23:10");
    let expected =
        ["rule.resource_closed", "rule.max_advance", "rule.min_duration", "rule.opening_hours", "rule.capacity"];
    assert_eq!(broken(&room, Bogota, sunday, Some(99)), expected);
    let request = Request {
        profile: &room,
        slot: sunday,
        people: None,
        now: local(Bogota, "2027-01-08 12:00"),
        time_zone: Bogota,
    };
    assert!(request.violations_in_series().iter().all(|violation| violation.code != "rule.max_advance"));
    assert!(request.violations().iter().all(|violation| !violation.message.is_empty()));
}

#[test]
fn opening_hours_are_those_of_the_campus() {
    let room = profile();
    assert_eq!(in_bogota(&room, "2027-01-11 06:00", "2027-01-11 07:00"), NOTHING);
    assert_eq!(in_bogota(&room, "2027-01-11 05:59", "2027-01-11 07:00"), ["rule.opening_hours"]);
    assert_eq!(in_bogota(&room, "2027-01-11 21:00", "2027-01-11 22:00"), NOTHING);
    assert_eq!(in_bogota(&room, "2027-01-11 21:00", "2027-01-11 22:01"), ["rule.opening_hours"]);
    assert_eq!(in_bogota(&room, "2027-01-09 08:00", "2027-01-09 10:00"), NOTHING, "Saturday");
    assert_eq!(in_bogota(&room, "2027-01-10 08:00", "2027-01-10 10:00"), ["rule.opening_hours"], "Sunday");
    assert_eq!(in_bogota(&room, "2027-01-11 21:00", "2027-01-12 07:00"), ["rule.max_duration", "rule.opening_hours"]);
    let utc_evening = slot(chrono_tz::UTC, "2027-01-12 00:00", "2027-01-12 02:00");
    assert_eq!(broken(&room, Bogota, utc_evening, None), NOTHING, "19:00 to 21:00 in Bogota");
    assert_eq!(broken(&room, New_York, utc_evening, None), NOTHING, "19:00 to 21:00 in New York as well");
}

#[test]
fn midnight_belongs_to_the_day_that_ends_with_it() {
    let opening = WeeklySchedule { closes_at: NaiveTime::MIN, ..WeeklySchedule::default() };
    let room = Profile { opening, ..profile() };
    assert_eq!(in_bogota(&room, "2027-01-09 22:00", "2027-01-10 00:00"), NOTHING, "Saturday until midnight");
    assert_eq!(in_bogota(&room, "2027-01-09 22:00", "2027-01-09 23:00"), NOTHING, "and before");
    assert_eq!(in_bogota(&room, "2027-01-09 22:00", "2027-01-10 00:30"), ["rule.opening_hours"]);
    assert_eq!(in_bogota(&profile(), "2027-01-09 21:00", "2027-01-10 00:00"), ["rule.opening_hours"]);
}

#[test]
fn weekdays_are_monday_to_friday_to_the_end() {
    let custom = CustomRules { weekdays_only: true, business_hours_only: false, ..CustomRules::default() };
    let room = with_custom(custom);
    assert_eq!(in_bogota(&room, "2027-01-08 20:00", "2027-01-09 00:00"), NOTHING, "Friday until midnight");
    assert_eq!(in_bogota(&room, "2027-01-08 20:00", "2027-01-09 02:00"), ["rule.weekdays_only"], "into Saturday");
    assert_eq!(in_bogota(&room, "2027-01-09 20:00", "2027-01-09 21:00"), ["rule.weekdays_only"]);
    assert_eq!(in_bogota(&room, "2027-01-10 23:00", "2027-01-11 02:00"), ["rule.weekdays_only"], "from Sunday");
    assert_eq!(in_bogota(&always_open(), "2027-01-10 23:00", "2027-01-11 02:00"), NOTHING);
}

#[test]
fn around_a_change_of_time_the_clock_on_the_wall_counts() {
    let opening = WeeklySchedule {
        weekdays: vec![amqp::events::Weekday::Sunday],
        opens_at: NaiveTime::from_hms_opt(1, 0, 0).expect("a time"),
        closes_at: NaiveTime::from_hms_opt(4, 0, 0).expect("a time"),
    };
    let rules = AvailabilityRules { max_advance_booking_days: 730, ..AvailabilityRules::default() };
    let room = Profile { opening, rules, ..profile() };
    // 14 March 2027: 02:00 to 03:00 does not exist; 7 November 2027: 01:00 to 02:00 comes twice.
    let spring = slot(New_York, "2027-03-14 01:00", "2027-03-14 04:00");
    assert_eq!(spring.duration(), TimeDelta::hours(2));
    assert_eq!(broken(&room, New_York, spring, None), NOTHING);
    let autumn = slot(New_York, "2027-11-07 01:00", "2027-11-07 04:00");
    assert_eq!(autumn.duration(), TimeDelta::hours(4));
    assert_eq!(broken(&room, New_York, autumn, None), NOTHING);
    let longer = Slot { ends_at: autumn.ends_at + TimeDelta::minutes(1), ..autumn };
    assert_eq!(broken(&room, New_York, longer, None), ["rule.opening_hours"]);
}

#[test]
fn the_sixth_of_a_week_is_one_too_many() {
    assert_eq!(weekly_limit(4), None);
    assert_eq!(weekly_limit(5).expect("the limit").code, "rule.weekly_limit");
}

#[test]
fn a_week_begins_with_the_first_instant_of_its_monday() {
    let week = week_of(local(Bogota, "2027-01-10 23:59"), Bogota);
    assert_eq!(week, slot(Bogota, "2027-01-04 00:00", "2027-01-11 00:00"));
    assert_eq!(week_of(week.ends_at, Bogota).starts_at, week.ends_at);
}

#[test]
fn a_time_that_a_change_skips_is_the_instant_of_the_change() {
    let at = |text| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
    let change = local(New_York, "2027-03-14 03:00");
    assert_eq!(first_instant(at("2027-03-14 02:00"), New_York), Some(change));
    assert_eq!(first_instant(at("2027-03-14 02:30"), New_York), Some(change));
    assert_eq!(first_instant(at("2027-11-07 01:30"), New_York), Some(local(New_York, "2027-11-07 01:30")));
    // In Chile the day of the change begins at 01:00.
    assert_eq!(first_instant(at("2026-09-06 00:00"), Santiago), Some(local(Santiago, "2026-09-06 01:00")));
}

proptest! {
    /// In any zone: the week contains its instant, begins on Monday, has seven local days and joins its neighbours.
    #[test]
    fn a_week_is_seven_local_days(seconds in 0_i64..4_000_000_000, zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec())) {
        let instant = DateTime::from_timestamp(seconds, 0).expect("an instant");
        let week = week_of(instant, zone);
        prop_assert!(week.starts_at <= instant && instant < week.ends_at, "{week:?}");
        let (first, behind) = (week.starts_at.with_timezone(&zone), week.ends_at.with_timezone(&zone));
        prop_assert_eq!(first.weekday(), Weekday::Mon);
        prop_assert_eq!(behind.weekday(), Weekday::Mon);
        prop_assert_eq!((behind.date_naive() - first.date_naive()).num_days(), 7);
        prop_assert_eq!(week_of(week.starts_at, zone), week);
        prop_assert_eq!(week_of(week.ends_at, zone).starts_at, week.ends_at);
        prop_assert_eq!(week_of(week.starts_at - TimeDelta::microseconds(1), zone).ends_at, week.starts_at);
    }
}
