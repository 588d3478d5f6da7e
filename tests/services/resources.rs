//! The resources service over HTTP: what becomes of a resource, and finding it.

use serde_json::{Value, json};

use super::campus::{Campus, faults, id, items, named, next_week, text, walk, wish};
use crate::harness::on_each_engine;

on_each_engine! {
    resources_are_kept(engine) {
        let campus = Campus::start(engine);
        a_life(&campus);
        codes(&campus);
        categories(&campus);
        rules(&campus);
        campus.check();
    }

    resources_are_found(engine) {
        let campus = Campus::start(engine);
        sow(&campus);
        pages(&campus);
        filters(&campus);
        campus.check();
    }
}

fn new(code: &str) -> Value {
    json!({"code": code, "name": format!("Room {code}"), "type": "CLASSROOM", "capacity": 20})
}

fn a_life(campus: &Campus) {
    let administrator = &campus.administrator;
    let body = json!({
        "code": " L1 ", "name": "Laboratory", "type": "LABORATORY", "capacity": 12, "description": "Chemistry",
        "location": {"building": "SA", "floor": "2"}, "attributes": {"fumeHood": true, "taps": 4},
    });
    let created = administrator.post("/resources", &body);
    assert_eq!(created.header("etag"), Some("\"1\""));
    let location = created.header("location").expect("a location").to_owned();
    let created = created.expect(201);
    assert_eq!(
        (&created["code"], &created["status"], &created["version"]),
        (&json!("L1"), &json!("AVAILABLE"), &json!(1))
    );
    for field in ["name", "type", "capacity", "description", "location", "attributes"] {
        assert_eq!(created[field], body[field], "{field}");
    }
    let path = format!("/resources/{}", id(&created));
    assert_eq!(location, format!("/api/v1{path}"));
    assert_eq!(administrator.get(&path).expect(200), created);
    let known = administrator.send("GET", &path, &[("if-none-match", "\"1\"")], None);
    assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", Some("\"1\"")));
    administrator.send("GET", &path, &[("if-none-match", "\"2\"")], None).expect(200);

    edits(campus, &path);
    administrator.patch(&format!("{path}/status"), &json!({"status": "UNAVAILABLE", "reason": "Flood"})).expect(200);
    administrator.send("DELETE", &path, &[("if-match", "\"1\"")], None).refused(412, "version.stale");
    let deleted = administrator.delete(&format!("{path}?reason=Demolished"));
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    administrator.get(&path).refused(404, "not_found");
    administrator.delete(&path).refused(404, "not_found");
    administrator.patch(&path, &json!({"name": "Gone"})).refused(404, "not_found");
    for nothing in ["/resources/00000000-0000-7000-8000-000000000000", "/resources/L1"] {
        administrator.get(nothing).refused(404, "not_found");
    }
    let expected = ["resource.created", "resource.updated", "resource.status.changed", "resource.deleted"];
    let expected: Vec<_> = expected.iter().zip(1..).map(|(name, version)| ((*name).to_owned(), version)).collect();
    assert_eq!(campus.history(&id(&created), 4), expected);
    let events = campus.events_of(&id(&created), 4);
    assert_eq!(events[1]["data"]["changes"], json!({"name": "Wet laboratory"}));
    assert_eq!(events[2]["data"]["reason"], "Flood");
    assert_eq!(
        (&events[3]["data"]["reason"], &events[3]["data"]["previousStatus"]),
        (&json!("Demolished"), &json!("UNAVAILABLE"))
    );
}

fn edits(campus: &Campus, path: &str) {
    let administrator = &campus.administrator;
    let edit = |tag: &str, body: Value| administrator.send("PATCH", path, &[("if-match", tag)], Some(&body));
    let edited = edit("\"1\"", json!({"name": "Wet laboratory"}));
    assert_eq!(edited.header("etag"), Some("\"2\""));
    assert_eq!(edited.expect(200)["version"], 2);
    let stale = edit("\"1\"", json!({"name": "Dry laboratory"})).refused(412, "version.stale");
    assert_eq!(stale["currentVersion"], 2);
    edit("W/\"2\"", json!({"name": "Dry laboratory"})).refused(412, "version.stale");
    edit("2", json!({"name": "Dry laboratory"})).refused(400, "header.invalid");
    // What changes nothing is no event.
    assert_eq!(edit("*", json!({"name": "Wet laboratory"})).expect(200)["version"], 2);
}

fn codes(campus: &Campus) {
    let administrator = &campus.administrator;
    let first = id(&administrator.post("/resources", &new("C1")).expect(201));
    let second = id(&administrator.post("/resources", &new("C2")).expect(201));
    administrator.post("/resources", &new("C1")).refused(409, "resource.code_taken");
    administrator.patch(&format!("/resources/{second}"), &json!({"code": "C1"})).refused(409, "resource.code_taken");
    // A code and a name are the same with blanks around them, also when they are edited.
    administrator.patch(&format!("/resources/{second}"), &json!({"code": " C1 "})).refused(409, "resource.code_taken");
    let edited = administrator.patch(&format!("/resources/{second}"), &json!({"name": " Second room "})).expect(200);
    assert_eq!(edited["name"], "Second room");
    administrator.delete(&format!("/resources/{first}")).expect(204);
    administrator.post("/resources", &new("C1")).expect(201);
}

fn categories(campus: &Campus) {
    let administrator = &campus.administrator;
    let parent = administrator.post("/categories", &json!({"name": " Rooms ", "description": "All"})).expect(201);
    assert_eq!((&parent["name"], &parent["version"]), (&json!("Rooms"), &json!(1)));
    let child = json!({"name": "Small rooms", "parentCategoryId": parent["id"]});
    let child = administrator.post("/categories", &child).expect(201);
    administrator.post("/categories", &json!({"name": "Rooms"})).refused(409, "category.name_taken");
    let orphan = json!({"name": "Orphan", "parentCategoryId": "00000000-0000-7000-8000-000000000000"});
    administrator.post("/categories", &orphan).refused(404, "not_found");
    let path = format!("/categories/{}", id(&parent));
    assert_eq!(administrator.patch(&path, &json!({"name": " Rooms "})).expect(200)["version"], 1, "nothing changed");
    administrator
        .send("PATCH", &path, &[("if-match", "\"9\"")], Some(&json!({"name": "X"})))
        .refused(412, "version.stale");
    assert_eq!(administrator.patch(&path, &json!({"name": "All rooms"})).expect(200)["version"], 2);
    assert_eq!(
        walk(administrator, "/categories?limit=1", 2),
        [administrator_category(campus, "All rooms"), child.clone()]
    );
    assert_eq!(campus.history(&id(&parent), 2), [("category.created".into(), 1), ("category.updated".into(), 2)]);

    let room = id(&administrator.post("/resources", &new("K1")).expect(201));
    let path = format!("/resources/{room}/category");
    let sorted = administrator.patch(&path, &json!({"categoryId": child["id"], "reason": "Small"})).expect(200);
    assert_eq!((&sorted["categoryId"], &sorted["version"]), (&child["id"], &json!(2)));
    let found = administrator.get(&format!("/resources?categoryId={}", id(&child))).expect(200);
    assert_eq!(items(&found), [sorted]);
    assert_eq!(administrator.patch(&path, &json!({"categoryId": null})).expect(200)["categoryId"], Value::Null);
    let unknown = json!({"categoryId": "00000000-0000-7000-8000-000000000000"});
    administrator.patch(&path, &unknown).refused(404, "not_found");
    assert_eq!(campus.events_of(&room, 2)[1]["eventType"], "resource.category.changed");
}

fn administrator_category(campus: &Campus, name: &str) -> Value {
    let page = campus.administrator.get("/categories").expect(200);
    items(&page).into_iter().find(|category| category["name"] == name).expect("the category")
}

/// Rules as they were read, without what cannot be set.
fn set_only(mut rules: Value) -> Value {
    let fields = rules.as_object_mut().expect("an object");
    fields.retain(|field, _| !["openingHours", "inForce"].contains(&field.as_str()));
    rules
}

fn rules(campus: &Campus) {
    let administrator = &campus.administrator;
    let room = campus.room("R1");
    let path = format!("/resources/{room}/rules");
    let before = administrator.get(&path);
    assert_eq!(before.header("etag"), Some("\"1\""));
    let mut rules = set_only(before.expect(200));
    assert_eq!(rules["maxAdvanceBookingDays"], 30);
    rules["maxBookingDurationMinutes"] = json!(90);
    rules["customRules"]["bufferMinutes"] = json!(10);
    administrator.send("PUT", &path, &[("if-match", "\"7\"")], Some(&rules)).refused(412, "version.stale");
    let put = administrator.send("PUT", &path, &[("if-match", "\"1\"")], Some(&rules));
    assert_eq!(put.header("etag"), Some("\"2\""));
    assert_eq!(put.expect(200), rules);
    assert_eq!(set_only(administrator.get(&path).expect(200)), rules);
    assert_eq!(administrator.get(&format!("/resources/{room}")).expect(200)["rules"], rules);
    let broken = json!({
        "requiresApproval": false, "maxAdvanceBookingDays": 0, "minBookingDurationMinutes": 0,
        "maxBookingDurationMinutes": 2_000, "allowRecurring": true,
        "customRules": {"maxConcurrentBookings": 0, "cancellationDeadlineHours": 9_999},
    });
    let expected = [
        "customRules.cancellationDeadlineHours",
        "customRules.maxConcurrentBookings",
        "maxAdvanceBookingDays",
        "maxBookingDurationMinutes",
        "minBookingDurationMinutes",
    ];
    let expected = named(&expected.map(|field| (field, "field.range")));
    assert_eq!(faults(administrator.put(&path, &broken), 422, "rules.broken"), expected);
    let mistyped = json!({"requiresApproval": false, "maxAdvanceBookingDays": "many", "customRules": {"buffer": 1}});
    let expected = named(&[
        ("allowRecurring", "field.missing"),
        ("customRules.buffer", "field.unknown"),
        ("maxAdvanceBookingDays", "field.type"),
        ("maxBookingDurationMinutes", "field.missing"),
        ("minBookingDurationMinutes", "field.missing"),
    ]);
    assert_eq!(faults(administrator.put(&path, &mistyped), 400, "body.malformed"), expected);
    assert_eq!(campus.history(&room, 2)[1], ("availability.rules.updated".to_owned(), 2));
    // They reach availability with their event.
    campus.settled();
    let long = administrator.post("/reservations", &wish(&room, next_week(chrono::Weekday::Mon, 9), 120));
    assert_eq!(super::campus::broken(long), ["rule.max_duration"]);
}

/// Seven resources that differ in what they can be found by.
fn sow(campus: &Campus) {
    for (code, name, kind, capacity, building) in [
        ("A1", "Room 100%", "CLASSROOM", 10, "A"),
        ("A2", "Under_score", "CLASSROOM", 20, "A"),
        ("A3", "Back\\slash", "LABORATORY", 30, "A"),
        ("B1", "Ñandú hall", "AUDITORIUM", 200, "B"),
        ("B2", "Plain", "CLASSROOM", 40, "B"),
        ("B3", "Plain too", "MEETING_ROOM", 8, "B"),
        ("C1", "Beamer", "MULTIMEDIA_EQUIPMENT", 1, "C"),
    ] {
        let mut body = json!({"code": code, "name": name, "type": kind, "location": {"building": building}});
        if capacity > 1 {
            body["capacity"] = json!(capacity);
        }
        campus.administrator.post("/resources", &body).expect(201);
    }
}

fn found(campus: &Campus, query: &str) -> String {
    let page = campus.administrator.get(&format!("/resources?{query}")).expect(200);
    items(&page).iter().map(|resource| text(&resource["code"])).collect::<Vec<_>>().join(" ")
}

fn pages(campus: &Campus) {
    let administrator = &campus.administrator;
    let all = walk(administrator, "/resources?limit=3", 3);
    let codes: Vec<_> = all.iter().map(|resource| text(&resource["code"])).collect();
    assert_eq!(codes, ["A1", "A2", "A3", "B1", "B2", "B3", "C1"]);
    assert_eq!(walk(administrator, "/resources?building=A&limit=2", 2).len(), 3);
    walk(administrator, "/resources?limit=7", 1);
    let cursor = text(&administrator.get("/resources?limit=1").expect(200)["nextCursor"]);
    administrator.get(&format!("/events?cursor={cursor}")).refused(400, "query.invalid");
    for query in [
        "cursor=invented",
        "limit=0",
        "limit=201",
        "limit=x",
        "type=CAVE",
        "capcity=3",
        "limit=1&limit=2",
        "search=%00",
    ] {
        let refused = administrator.get(&format!("/resources?{query}")).refused(400, "query.invalid");
        let name = query.split('=').next().expect("a name");
        assert!(text(&refused["detail"]).contains(name), "{query}: {refused}");
    }
}

fn filters(campus: &Campus) {
    for (query, codes) in [
        ("type=CLASSROOM", "A1 A2 B2"),
        ("capacity=30", "A3 B1 B2"),
        ("capacity=4294967295", ""),
        ("building=B&type=CLASSROOM", "B2"),
        ("search=%25", "A1"),
        ("search=_", "A2"),
        ("search=%5C", "A3"),
        ("search=%C3%91AND%C3%9A", "B1"),
        ("search=plain", "B2 B3"),
        ("search=b1", "B1"),
        ("search='%20OR%201=1", ""),
        ("status=MAINTENANCE", ""),
        ("status=AVAILABLE&search=a", "A1 A2 A3 B1 B2 B3 C1"),
    ] {
        assert_eq!(found(campus, query), codes, "{query}");
    }
}
