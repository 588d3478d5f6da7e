//! The event store over HTTP.

use std::collections::BTreeSet;

use amqp::{Envelope, catalogue};
use serde_json::{Value, json};

use super::campus::{Campus, id, items, next_week, text, walk, wish};
use crate::harness::on_each_engine;

on_each_engine! {
    every_change_is_an_event(engine) {
        let campus = Campus::start(engine);
        everything(&campus);
        let all = campus.events("after=0", 1);
        conform(&all);
        in_order(&campus, &all);
        marked(&campus);
        campus.check();
    }
}

/// Makes events of many types.
fn everything(campus: &Campus) {
    let administrator = &campus.administrator;
    let teacher = campus.member("TEACHER");
    administrator.post(&format!("/users/{}/roles", teacher.user_id()), &json!({"role": "SECURITY"})).expect(200);
    let grant = json!({"permission": "reports:read"});
    administrator.post(&format!("/users/{}/permissions", teacher.user_id()), &grant).expect(200);
    administrator.post("/roles/SECURITY/permissions", &grant).expect(200);
    let category = administrator.post("/categories", &json!({"name": "Rooms"})).expect(201);
    administrator.patch(&format!("/categories/{}", id(&category)), &json!({"description": "All"})).expect(200);
    let room = campus.ruled("E1", &json!({"maxAdvanceBookingDays": 31}));
    let path = format!("/resources/{room}");
    administrator.patch(&path, &json!({"name": "Renamed", "capacity": 31})).expect(200);
    administrator.patch(&format!("{path}/category"), &json!({"categoryId": category["id"]})).expect(200);
    campus.settled();
    for hour in [10, 12] {
        let made = teacher.post("/reservations", &wish(&room, next_week(chrono::Weekday::Mon, hour), 60)).expect(201);
        let path = format!("/reservations/{}", id(&made));
        teacher.patch(&path, &json!({"purpose": "Exam"})).expect(200);
        if hour == 10 {
            teacher.post(&format!("{path}/cancel"), &json!({"reason": "Ill"})).expect(200);
        }
    }
    campus.set_status(&room, "MAINTENANCE");
    administrator.delete(&format!("{path}?force=true")).expect(204);
    campus.settled();
    // Whoever can read the last event can read all before it.
    teacher.send("POST", "/auth/logout", &[], None).expect(204);
    campus.events("type=user.logged_out", 1);
}

/// Every event is one of the catalogue, readable by whoever keeps to the contract.
fn conform(all: &[Value]) {
    let mut types = BTreeSet::new();
    for item in all {
        let envelope = Envelope::parse(item.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {item}"));
        let entry = catalogue::find(&envelope.event_type).unwrap_or_else(|| panic!("not in the catalogue: {item}"));
        entry.check(&envelope.data).unwrap_or_else(|error| panic!("{error}: {item}"));
        assert_eq!(
            (item["service"].as_str(), item["metadata"]["schemaVersion"].as_u64()),
            (Some(entry.producer.wire_name()), Some(1))
        );
        types.insert(entry.event_type);
    }
    let wanted: BTreeSet<_> = catalogue::ENTRIES.iter().map(|entry| entry.event_type).collect();
    assert_eq!(types, wanted, "a real use case raises every event of the catalogue");
}

fn in_order(campus: &Campus, all: &[Value]) {
    let positions: Vec<_> = all.iter().map(|item| item["position"].as_i64().expect("a position")).collect();
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");
    let mut seen: std::collections::BTreeMap<String, i64> = Default::default();
    for item in all {
        let version = seen.entry(text(&item["aggregateId"])).or_default();
        *version += 1;
        assert_eq!(item["version"], *version, "{item}");
    }
    let administrator = &campus.administrator;
    assert_eq!(walk(administrator, "/events?limit=5", all.len().div_ceil(5)), all);
    let behind = administrator.get(&format!("/events?limit=200&after={}", positions[2])).expect(200);
    assert_eq!(items(&behind), &all[3..]);
    let one = &all[4]["aggregateId"];
    let of_one: Vec<_> = all.iter().filter(|item| item["aggregateId"] == *one).cloned().collect();
    assert_eq!(campus.events_of(&text(one), 1), of_one);
    let created: Vec<_> = all.iter().filter(|item| item["eventType"] == "reservation.created").cloned().collect();
    assert_eq!(campus.events("type=reservation.created", 2), created);
    for query in ["type=resource.invented", "aggregateId=x", "after=last", "cursor=eA", "limit=500"] {
        administrator.get(&format!("/events?{query}")).refused(400, "query.invalid");
    }
}

/// What a request set off carries its marks, also what other services did about it.
fn marked(campus: &Campus) {
    let room = campus.room("E2");
    let reserved = wish(&room, next_week(chrono::Weekday::Mon, 10), 60);
    let reservation = campus.administrator.post("/reservations", &reserved).expect(201);
    let (correlation, trace) =
        (uuid::Uuid::now_v7().to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let headers = [("x-correlation-id", correlation.as_str()), ("traceparent", trace)];
    let answer = campus.administrator.send("DELETE", &format!("/resources/{room}?force=true"), &headers, None);
    assert_eq!((answer.status, answer.header("x-correlation-id")), (204, Some(correlation.as_str())));
    campus.settled();
    let deleted = campus.events_of(&room, 2)[1]["metadata"].clone();
    let cancelled = campus.events_of(&id(&reservation), 2)[1].clone();
    assert_eq!(cancelled["eventType"], "reservation.cancelled");
    for metadata in [&deleted, &cancelled["metadata"]] {
        assert_eq!(metadata["correlationId"], correlation);
        assert_eq!(metadata["traceparent"], trace);
    }
    assert_eq!(deleted["actor"], campus.administrator.user_id());
    let own = campus.administrator.send("GET", "/users/me", &[("x-correlation-id", "invented")], None);
    assert!(own.header("x-correlation-id").is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()));
}
