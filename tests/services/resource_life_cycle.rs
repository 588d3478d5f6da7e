//! The life of a resource over HTTP: who changes something sees it at once, a closure refuses, a deletion asks first.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, broken, id, items, next_week, text, wish};
use crate::harness::{Answer, Client, on_each_engine};

on_each_engine! {
    changes_are_seen_at_once(engine) {
        let campus = Campus::start(engine);
        a_resource(&campus.administrator);
        lists(&campus.administrator);
        categories(&campus.administrator);
        campus.check();
    }

    closures_refuse_and_are_logged(engine) {
        let campus = Campus::start(engine);
        statuses(&campus);
        campus.check();
    }

    deletions_ask_first(engine) {
        let campus = Campus::start(engine);
        deletion(&campus);
        what_comes_before_reservations(&campus);
        campus.check();
    }
}

/// What a client is told twice, the second time from the cache where there is one.
#[track_caller]
fn twice(client: &Client, path: &str) -> Value {
    let (first, second) = (client.get(path), client.get(path));
    assert_eq!((&first.text, first.header("etag")), (&second.text, second.header("etag")), "{path}");
    first.expect(200)
}

/// Changes what was just read; who reads it then gets what the change answered.
#[track_caller]
fn seen(client: &Client, path: &str, change: impl FnOnce() -> Answer) -> Value {
    let before = twice(client, path);
    let changed = change().expect(200);
    assert_ne!(changed, before, "nothing was changed");
    assert_eq!(twice(client, path), changed);
    changed
}

fn a_resource(client: &Client) {
    let body = json!({
        "code": "L1", "name": "Laboratory", "type": "LABORATORY", "capacity": 12, "description": "Chemistry",
        "location": {"building": "SA", "floor": "2"},
        "attributes": {"width": 1.358_807_438_295_29e-184, "taps": 4, "seats": [[1, 2], null], "note": "Ñandú 🧪"},
    });
    let created = client.post("/resources", &body).expect(201);
    let path = format!("/resources/{}", id(&created));
    let rules_path = format!("{path}/rules");
    assert_eq!(twice(client, &path), created);
    assert_eq!(created["attributes"], body["attributes"]);

    seen(client, &path, || client.patch(&path, &json!({"name": "Wet laboratory"})));
    seen(client, &path, || client.patch(&format!("{path}/status"), &json!({"status": "RESERVED"})));
    let category = client.post("/categories", &json!({"name": "Wet rooms"})).expect(201);
    seen(client, &path, || client.patch(&format!("{path}/category"), &json!({"categoryId": category["id"]})));
    let mut rules = twice(client, &path)["rules"].clone();
    rules["maxBookingDurationMinutes"] = json!(90);
    assert_eq!(client.put(&rules_path, &rules).expect(200), rules);
    assert_eq!(twice(client, &path)["rules"], rules);
    let read = client.get(&rules_path).expect(200);
    let same = rules.as_object().expect("rules").iter().all(|(name, value)| read[name] == *value);
    assert!(same, "{read}");

    // Entity tags follow, from the cache as from the database.
    let known = |tag: &str| client.send("GET", &path, &[("if-none-match", tag)], None).status;
    assert_eq!((known("\"4\""), known("\"5\"")), (200, 304));
    client.delete(&path).expect(204);
    client.get(&path).refused(404, "not_found");
    client.get(&rules_path).refused(404, "not_found");
}

fn codes(page: &Value) -> Vec<String> {
    items(page).iter().map(|resource| text(&resource["code"])).collect()
}

fn lists(client: &Client) {
    let body = |code: &str| json!({"code": code, "name": code, "type": "CLASSROOM", "location": {"building": "Q"}});
    let create = |code| id(&client.post("/resources", &body(code)).expect(201));
    let list = |query: &str| codes(&twice(client, &format!("/resources?building=Q{query}")));
    assert_eq!(list(""), [""; 0]);
    let first = create("Q1");
    assert_eq!(list(""), ["Q1"]);
    create("Q3");
    assert_eq!((list(""), list("&limit=1")), (vec!["Q1".into(), "Q3".into()], vec!["Q1".into()]));
    let cursor = text(&client.get("/resources?building=Q&limit=1").expect(200)["nextCursor"]);
    let behind = format!("&limit=1&cursor={cursor}");
    assert_eq!(list(&behind), ["Q3"]);
    create("Q2");
    assert_eq!((list(&behind), list("&search=q3")), (vec!["Q2".into()], vec!["Q3".into()]));
    let path = format!("/resources/{first}");
    assert_eq!(list("&status=MAINTENANCE"), [""; 0]);
    client.patch(&format!("{path}/status"), &json!({"status": "MAINTENANCE"})).expect(200);
    assert_eq!((list("&status=MAINTENANCE"), list("&status=AVAILABLE").len()), (vec!["Q1".into()], 2));
    client.patch(&path, &json!({"code": "Q9"})).expect(200);
    assert_eq!(list(""), ["Q2", "Q3", "Q9"]);
    client.delete(&path).expect(204);
    assert_eq!((list(""), list("&status=MAINTENANCE")), (vec!["Q2".into(), "Q3".into()], vec![]));
}

fn categories(client: &Client) {
    let names = || -> Vec<String> {
        items(&twice(client, "/categories")).iter().map(|category| text(&category["name"])).collect()
    };
    assert_eq!(names(), ["Wet rooms"]);
    let path = format!("/categories/{}", id(&client.post("/categories", &json!({"name": "Dry rooms"})).expect(201)));
    assert_eq!(names(), ["Dry rooms", "Wet rooms"]);
    let renamed = client.patch(&path, &json!({"name": "Zoo"})).expect(200);
    assert_eq!(names(), ["Wet rooms", "Zoo"]);
    assert_eq!(items(&twice(client, "/categories")).last(), Some(&renamed));
}

/// From each status to the next: whether reservations are taken, and what is logged of the cached rules.
fn statuses(campus: &Campus) {
    let (room, teacher) = (campus.room("S1"), campus.member("TEACHER"));
    let steps = [
        ("RESERVED", true),
        ("AVAILABLE", true),
        ("MAINTENANCE", false),
        ("UNAVAILABLE", false),
        ("AVAILABLE", true),
        ("UNAVAILABLE", false),
        ("MAINTENANCE", false),
        ("RESERVED", true),
    ];
    for (hour, (status, open)) in (8..).zip(steps) {
        let (path, began) = (format!("/resources/{room}/status"), Instant::now());
        campus.administrator.patch(&path, &json!({"status": status})).expect(200);
        // An answer waits at most a second for availability to follow; on a machine that is busier than that, we wait on.
        if began.elapsed() >= Duration::from_secs(1) {
            campus.settled();
        }
        let answer = teacher.post("/reservations", &wish(&room, next_week(Weekday::Thu, hour), 60));
        if open {
            answer.expect(201);
        } else {
            assert_eq!(broken(answer), ["rule.resource_closed"], "{status}");
        }
    }
    // The same once more is no change, so there is nothing to react to.
    campus.set_status(&room, "RESERVED");
    campus.administrator.delete(&format!("/resources/{room}?force=true&reason=Sold")).expect(204);
    campus.settled();

    let events = campus.events_of(&room, 2 + steps.len());
    let reacted_to: Vec<_> = events.iter().skip(1).map(|event| text(&event["eventId"])).collect();
    assert_eq!(reacted_to.len(), steps.len() + 1, "{events:?}");
    let (log, dropped) = (campus.log(), steps.iter().map(|(_, open)| !open).chain([true]));
    for (event, dropped) in reacted_to.iter().zip(dropped) {
        let mark = format!("event {event}: resource {room}: rules cache ");
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&mark)).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].contains(" dropped: "), dropped, "{lines:?}");
        assert_eq!(lines[0].contains(" kept: "), !dropped, "{lines:?}");
    }
}

fn deletion(campus: &Campus) {
    let (room, teacher) = (campus.room("D1"), campus.member("TEACHER"));
    let path = format!("/resources/{room}");
    let reserve = |hour| {
        let start = next_week(Weekday::Fri, hour);
        id(&teacher.post("/reservations", &wish(&room, start, 60)).expect(201))
    };
    let reserved: Vec<_> = [12, 8, 10, 9, 11, 13, 14].into_iter().map(reserve).collect();
    let cancel = |one: &str| teacher.post(&format!("/reservations/{one}/cancel"), &json!({})).expect(200);
    cancel(&reserved[6]);

    let refused = campus.administrator.delete(&path).refused(409, "resource.has_reservations");
    assert_eq!(refused["count"], 6, "{refused}");
    let in_order = [1, 3, 2, 4, 0].map(|index: usize| &reserved[index]);
    assert_eq!(refused["reservationIds"], json!(in_order), "{refused}");
    assert!(text(&refused["detail"]).contains("?force=true"), "{refused}");
    campus.administrator.delete(&format!("{path}?force=false")).refused(409, "resource.has_reservations");
    campus.administrator.delete(&format!("{path}?force=maybe")).refused(400, "query.invalid");
    assert_eq!(campus.administrator.get(&path).expect(200)["version"], 1, "nothing was done");

    campus.administrator.delete(&format!("{path}?force=true")).expect(204);
    campus.settled();
    for one in &reserved {
        assert_eq!(teacher.get(&format!("/reservations/{one}")).expect(200)["status"], "CANCELLED");
    }
    let free = campus.room("D2");
    let start = next_week(Weekday::Fri, 8);
    cancel(&id(&teacher.post("/reservations", &wish(&free, start, 60)).expect(201)));
    campus.administrator.delete(&format!("/resources/{free}")).expect(204);
}

/// Who may not delete it, or saw another version, or comes too late, is told that.
fn what_comes_before_reservations(campus: &Campus) {
    let room = campus.room("D3");
    let path = format!("/resources/{room}");
    let start = next_week(Weekday::Fri, 8) + TimeDelta::hours(1);
    campus.administrator.post("/reservations", &wish(&room, start, 60)).expect(201);
    campus.member("TEACHER").delete(&path).refused(403, "auth.forbidden");
    let stale = campus.administrator.send("DELETE", &path, &[("if-match", "\"7\"")], None);
    assert_eq!(stale.refused(412, "version.stale")["currentVersion"], 1);
    let current = campus.administrator.send("DELETE", &path, &[("if-match", "\"1\"")], None);
    current.refused(409, "resource.has_reservations");
    campus.administrator.delete(&format!("{path}?force=true")).expect(204);
    // At once: whether its reservations are cancelled already does not matter.
    campus.administrator.delete(&path).refused(404, "not_found");
    campus.settled();
}
