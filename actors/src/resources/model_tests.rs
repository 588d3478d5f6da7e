use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
}

fn new(code: &str) -> NewResource {
    serde_json::from_value(json!({"code": code, "name": "Room", "type": "CLASSROOM", "capacity": 30})).expect("valid")
}

fn room() -> Resource {
    let created = create(Uuid::from_u128(1), new("A1"), Uuid::nil()).expect("valid");
    Resource::apply(None, 1, at(0), &created.into()).expect("applies")
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let bad = NewResource { code: " ".into(), name: "x".repeat(201), capacity: Some(0), ..new("A1") };
    let violations = create(Uuid::nil(), bad, Uuid::nil()).expect_err("three rules are broken");
    let fields: Vec<_> = violations.iter().filter_map(|violation| violation.field.as_deref()).collect();
    assert_eq!(fields, ["code", "name", "capacity"]);
}

#[test]
fn an_edit_that_changes_nothing_is_no_event() {
    let room = room();
    let same = ResourceChanges { name: Some(room.name.clone()), capacity: room.capacity, ..Default::default() };
    assert_eq!(room.edit(&same, Uuid::nil()), Ok(None));
}

#[test]
fn an_edit_tells_what_was_before() {
    let changes = ResourceChanges { capacity: Some(40), ..Default::default() };
    let event = room().edit(&changes, Uuid::nil()).expect("valid").expect("a change");
    assert_eq!(event.changes, Fields::from([("capacity".to_owned(), json!(40))]));
    assert_eq!(event.previous_values, Some(Fields::from([("capacity".to_owned(), json!(30))])));
}

#[test]
fn rules_that_cannot_be_kept_are_refused() {
    let rules = AvailabilityRules { max_booking_duration_minutes: 10, ..AvailabilityRules::default() };
    assert!(room().set_rules(rules, None, Uuid::nil()).is_err());
    let rules = AvailabilityRules { max_booking_duration_minutes: 1_441, ..AvailabilityRules::default() };
    assert!(room().set_rules(rules, None, Uuid::nil()).is_err());
}

#[test]
fn a_deleted_resource_is_unavailable() {
    let room = room();
    let deleted = room.delete(None, Uuid::nil());
    let room = Resource::apply(Some(room), 2, at(1), &deleted.into()).expect("applies");
    assert_eq!((room.status, room.deleted_at), (ResourceStatus::Unavailable, Some(at(1))));
}

#[test]
fn a_history_begins_with_the_creation_and_has_only_one() {
    let created = ResourceEvent::from(create(Uuid::from_u128(1), new("A1"), Uuid::nil()).expect("valid"));
    assert!(Resource::apply(Some(room()), 2, at(0), &created).is_err());
    assert!(Resource::apply(None, 1, at(0), &room().delete(None, Uuid::nil()).into()).is_err());
}

proptest! {
    /// What an edit says it changes is what it changes, whatever is edited.
    #[test]
    fn an_edit_does_what_its_event_says(
        name in prop::option::of("[a-z]{1,12}"),
        capacity in prop::option::of(1u32..500),
        description in prop::option::of("[a-z ]{0,20}"),
    ) {
        let changes = ResourceChanges { name, capacity, description, ..Default::default() };
        let room = room();
        if let Some(event) = room.edit(&changes, Uuid::nil()).expect("valid") {
            let edited = Resource::apply(Some(room), 2, at(1), &event.into()).expect("applies");
            prop_assert_eq!(edited.edit(&changes, Uuid::nil()), Ok(None));
        }
    }
}

#[test]
fn blanks_around_a_code_or_a_name_do_not_count() {
    let room = room();
    let change = |code: &str, name: &str| {
        let changes = ResourceChanges { code: Some(code.into()), name: Some(name.into()), ..Default::default() };
        room.edit(&changes, Uuid::nil()).expect("valid")
    };
    assert_eq!(change(" A1 ", "Room\n"), None);
    let changed = change("\tB2 ", "Room").expect("another code");
    assert_eq!(changed.changes, Fields::from([("code".to_owned(), json!("B2"))]));
}
