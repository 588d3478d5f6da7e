//! A payload that is mended by hand.

use chrono::{TimeDelta, Weekday};
use serde_json::{Value, json};

use super::super::campus::{faults, instant, items, named, next_week, text};
use super::{PATH, Scene, operations};
use crate::harness::on_each_engine;

on_each_engine! {
    a_payload_is_replaced_by_one_that_its_schema_allows(engine) {
        let scene = Scene::set(engine);
        let (_, reservation) = scene.refused("A", 1);
        let other = scene.room("B");
        let letter = scene.failed(&reservation);
        let before = scene.show(&letter);
        let mut data = payload(&before["message"]);
        wrong_ones_are_refused(&scene, &letter, &data);
        assert_eq!(scene.show(&letter), before, "what is refused leaves no trace");

        data["resourceId"] = json!(other);
        let retried = scene.administrator.post(&format!("{PATH}/{letter}/retry"), &json!({"data": data})).expect(200);
        assert_eq!(retried["edited"], true);
        let after = scene.becomes(&letter, "resolved");
        assert_eq!((&after["resolution"], operations(&after)), (&json!("replayed"), vec!["retry"]));
        assert_eq!(after["message"], before["message"], "what it came with stays to be seen");
        assert_eq!(payload(&after["editedMessage"]), data);
        assert_eq!(after["operations"][0]["detail"], json!({"data": data}), "the audit keeps what was put in");
        assert_eq!(used(&scene), [(other, 1)]);
    }
}

/// The payload of an envelope as a letter shows it.
fn payload(message: &Value) -> Value {
    let envelope: Value = serde_json::from_str(&text(&message["content"])).expect("the envelope");
    envelope["data"].clone()
}

fn wrong_ones_are_refused(scene: &Scene, letter: &str, data: &Value) {
    let without = |field: &str| {
        let mut data = data.clone();
        data.as_object_mut().expect("fields").remove(field);
        data
    };
    let mut mistyped = data.clone();
    mistyped["durationMinutes"] = json!("an hour");
    for wrong in [json!({}), without("resourceId"), mistyped] {
        let answer = scene.administrator.post(&format!("{PATH}/{letter}/retry"), &json!({"data": wrong}));
        assert_eq!(faults(answer, 422, "rules.broken"), named(&[("data", "field.schema")]), "{wrong}");
    }
    let answer = scene.administrator.post(&format!("{PATH}/{letter}/retry"), &json!({"data": [data]}));
    answer.refused(400, "body.malformed");
}

/// The resources that the reports know of, and how many reservations each has.
fn used(scene: &Scene) -> Vec<(String, i64)> {
    let monday = next_week(Weekday::Mon, 0);
    let (from, to) = (instant(monday), instant(monday + TimeDelta::days(7)));
    let usage = scene.administrator.get(&format!("/reports/usage?from={from}&to={to}")).expect(200);
    let row = |row: &Value| (text(&row["resourceId"]), row["reservations"].as_i64().expect("a number"));
    items(&usage).iter().map(row).collect()
}
