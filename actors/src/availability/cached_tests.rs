use amqp::Service;
use amqp::catalogue::ENTRIES;
use chrono::Days;
use proptest::prelude::*;
use serde_json::json;

use super::super::days::{DayAvailability, LocalDay, days_of, tests as any};
use super::super::get_availability::during;
use super::super::model::{Reservation, ReservationEvent};
use super::super::occupancy::Claim;
use super::*;
use crate::event_store::{Aggregate, AggregateEvent};

const ROOM: Uuid = Uuid::from_u128(0x1234_5678);
const USER: Uuid = Uuid::from_u128(0x8765_4321);

fn names(event_type: &str, data: &Value) -> Vec<String> {
    let name = |outdated| match outdated {
        Outdated::Key(key) => key,
        Outdated::Group(group) => format!("every {}", group.name()),
    };
    let mut names: Vec<String> =
        outdated(event_type, data).expect("an event of this service").into_iter().map(name).collect();
    names.sort();
    names.dedup();
    names
}

fn every_day() -> String {
    format!("every availability:{ROOM}")
}

fn rules_key() -> String {
    format!("availability:rules:{ROOM}")
}

fn user_key() -> String {
    format!("reservations:active:{USER}")
}

fn day_keys(days: &[&str]) -> Vec<String> {
    days.iter().map(|day| format!("availability:{ROOM}:2026-03-{day}")).collect()
}

#[test]
fn every_event_of_the_service_was_considered() {
    for entry in ENTRIES {
        let concerned = entry.producer == Service::Availability || entry.consumers.contains(&Service::Availability);
        assert_eq!(outdated(entry.event_type, &entry.example()).is_some(), concerned, "{}", entry.event_type);
    }
    assert_eq!(outdated("user.registered", &json!({"userId": USER})), None);
}

#[test]
fn keys_are_called_as_in_the_contract() {
    assert_eq!(rules(ROOM).name(), rules_key());
    assert_eq!(active(USER).name(), user_key());
    let date = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    assert_eq!(vec![day(ROOM, date).name()], day_keys(&["02"]));
    assert_eq!((RULES.ttl.as_secs(), DAYS.ttl.as_secs(), ACTIVE.ttl.as_secs()), (3_600, 300, 600));
}

/// RF-05, row by row: a change of status outdates the days of the resource, and drops its rules when that closes it.
#[test]
fn a_change_of_status_drops_the_rules_exactly_when_it_closes() {
    for (previous, new, drops) in [
        ("AVAILABLE", "MAINTENANCE", true),
        ("AVAILABLE", "UNAVAILABLE", true),
        ("RESERVED", "MAINTENANCE", true),
        ("MAINTENANCE", "UNAVAILABLE", true),
        ("AVAILABLE", "RESERVED", false),
        ("MAINTENANCE", "AVAILABLE", false),
        ("UNAVAILABLE", "AVAILABLE", false),
        ("RESERVED", "AVAILABLE", false),
    ] {
        let data = json!({"resourceId": ROOM, "previousStatus": previous, "newStatus": new, "updatedBy": USER});
        let mut expected = vec![every_day()];
        expected.extend(drops.then(rules_key));
        expected.sort();
        assert_eq!(names("resource.status.changed", &data), expected, "{previous} to {new}");
    }
    let unknown = json!({"resourceId": ROOM, "newStatus": "BURNT"});
    assert_eq!(names("resource.status.changed", &unknown), [rules_key(), every_day()], "rather more than less");
}

#[test]
fn deletion_and_new_rules_outdate_all_of_the_resource() {
    for event_type in ["resource.deleted", "availability.rules.updated"] {
        assert_eq!(names(event_type, &json!({"resourceId": ROOM})), [rules_key(), every_day()], "{event_type}");
    }
    assert!(drops_rules(ResourceStatus::Available, true));
}

#[test]
fn what_a_resource_is_called_outdates_nothing() {
    for event_type in
        ["resource.created", "resource.updated", "resource.category.changed", "schedule.conflict.detected"]
    {
        let changes = json!({"name": "Optics laboratory", "capacity": 3});
        assert_eq!(names(event_type, &json!({"resourceId": ROOM, "changes": changes})), [""; 0], "{event_type}");
    }
}

fn times(from: &str, to: &str) -> Value {
    json!({"startTime": format!("2026-03-{from}:00Z"), "endTime": format!("2026-03-{to}:00Z")})
}

fn event(mut fields: Value) -> Value {
    fields["resourceId"] = json!(ROOM);
    fields["userId"] = json!(USER);
    fields
}

#[test]
fn a_reservation_outdates_its_days_in_any_zone_and_its_users_list() {
    for event_type in ["reservation.created", "reservation.cancelled"] {
        for (from, to, days) in [
            ("12T15:00", "12T16:00", &["11", "12", "13", "14"] as &[&str]),
            ("12T16:00", "12T16:30", &["12", "13", "14"]),
            ("12T08:00", "12T08:00", &["11", "12", "13"]),
            ("12T23:00", "13T09:00", &["12", "13", "14", "15"]),
        ] {
            let mut expected = day_keys(days);
            expected.push(user_key());
            assert_eq!(names(event_type, &event(times(from, to))), expected, "{from} to {to}");
        }
    }
}

#[test]
fn a_move_outdates_the_days_of_both_spans() {
    let data = event(json!({
        "changes": times("12T16:00", "12T17:00"),
        "previousValues": times("20T16:00", "20T17:00"),
    }));
    let mut expected = day_keys(&["12", "13", "14", "20", "21", "22"]);
    expected.push(user_key());
    assert_eq!(names("reservation.updated", &data), expected);
}

#[test]
fn a_reservation_that_stays_where_it_is_outdates_its_users_list_only() {
    let data = event(json!({"changes": {"purpose": "Exam"}, "previousValues": {"purpose": null}}));
    assert_eq!(names("reservation.updated", &data), [user_key()]);
}

#[test]
fn what_does_not_tell_its_days_outdates_every_day() {
    let end = json!({"endTime": "2026-03-12T16:00:00Z"});
    for data in [
        json!({"changes": end, "previousValues": end}),
        json!({"changes": times("12T16:00", "12T17:00")}),
        json!({"changes": {"startTime": "soon"}, "previousValues": times("12T16:00", "12T17:00")}),
    ] {
        assert_eq!(names("reservation.updated", &event(data.clone())), [every_day(), user_key()], "{data}");
    }
    let long = json!({"startTime": "2026-03-12T16:00:00Z", "endTime": "2036-03-12T16:00:00Z"});
    assert_eq!(names("reservation.created", &event(long)), [every_day(), user_key()]);
    assert_eq!(names("reservation.created", &event(json!({}))), [every_day(), user_key()]);
}

/// What each day around `from` is like.
fn picture(
    profile: &super::super::profile::Profile,
    holds: &[super::super::occupancy::Hold],
    from: DateTime<Utc>,
    zone: chrono_tz::Tz,
) -> Vec<(NaiveDate, DayAvailability)> {
    let around = Slot { starts_at: from - TimeDelta::days(9), ends_at: from + TimeDelta::days(9) };
    let day = |LocalDay { date, span }: LocalDay| {
        let answer = during(profile, holds, span, zone);
        (date, DayAvailability { day: span, closed: answer.closed, busy: answer.busy, free: answer.free })
    };
    days_of(around, zone).into_iter().map(day).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A reservation that comes, moves or goes changes no day but those that its event outdates, in whatever zone the
    /// campus lies, however long a buffer stands behind it, and also when rules changed the buffer in between.
    #[test]
    fn no_day_changes_that_is_not_outdated(
        zone in any::zone(),
        from in any::instant(),
        profile in any::any_profile(),
        others in any::wanted(),
        spans in (0_i64..400, 1_i64..97, 0_i64..400, 1_i64..97),
        buffers in (0_i64..=1_440, 0_i64..=1_440),
    ) {
        let quarter = TimeDelta::minutes(15);
        let span = |at: i64, length: i64| {
            let starts_at = from + quarter * i32::try_from(at).expect("small");
            Slot { starts_at, ends_at: starts_at + quarter * i32::try_from(length).expect("small") }
        };
        let (old, new) = (span(spans.0, spans.1), span(spans.2, spans.3));
        let held = |slot: Slot, buffer: i64| {
            let slot = slot.with_buffer(TimeDelta::minutes(buffer));
            Claim { resource_id: Uuid::nil(), unit: 9, slot, holder_id: USER }.pieces().collect::<Vec<_>>()
        };
        let others = any::holds(profile.units(), from, &others);
        let without = picture(&profile, &others, from, zone);
        let before = picture(&profile, &[others.clone(), held(old, buffers.0)].concat(), from, zone);
        let after = picture(&profile, &[others, held(new, buffers.1)].concat(), from, zone);

        let created = json!({"resourceId": ROOM, "userId": USER, "startTime": old.starts_at, "endTime": old.ends_at});
        check(&without, &before, "reservation.created", &created)?;
        check(&before, &without, "reservation.cancelled", &created)?;
        let reservation = reservation(&created);
        if let Some(edit) = reservation.edit(from - TimeDelta::days(1), new, None, USER).expect("it is to come") {
            let event = ReservationEvent::from(edit);
            check(&before, &after, event.event_type(), &event.data())?;
        }
    }

    /// No day is outdated that could not be touched in any zone.
    #[test]
    fn no_day_is_outdated_in_vain(from in any::instant(), minutes in 1_i64..1_441) {
        let span = Slot { starts_at: from, ends_at: from + TimeDelta::minutes(minutes) };
        let dates = dates(span).expect("few");
        let first = span.starts_at.date_naive() - Days::new(1);
        let last = (span.ends_at + LARGEST_BUFFER).date_naive() + Days::new(1);
        prop_assert!(dates.iter().all(|date| (first..=last).contains(date)));
        prop_assert!(dates.len() <= 5, "{:?}", dates);
    }
}

fn check(
    before: &[(NaiveDate, DayAvailability)],
    after: &[(NaiveDate, DayAvailability)],
    event_type: &str,
    data: &Value,
) -> Result<(), TestCaseError> {
    let outdated = outdated(event_type, data).expect("ours");
    for ((date, before), (_, after)) in before.iter().zip(after) {
        let key = Outdated::from(day(ROOM, *date));
        prop_assert!(before == after || outdated.contains(&key), "{} is outdated by {} {}", date, event_type, data);
    }
    Ok(())
}

fn reservation(fields: &Value) -> Reservation {
    let mut created = serde_json::to_value(ReservationCreated::example()).expect("JSON");
    for (name, value) in fields.as_object().expect("fields") {
        created[name] = value.clone();
    }
    let event = ReservationEvent::from(serde_json::from_value::<ReservationCreated>(created).expect("a payload"));
    Reservation::apply(None, 1, DateTime::UNIX_EPOCH, &event).expect("a reservation")
}
