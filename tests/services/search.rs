//! Free time over HTTP: of one resource, and which resources have it.

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, id, instant, items, next_week, text, wish};
use crate::harness::on_each_engine;

on_each_engine! {
    free_rooms_are_found(engine) {
        let campus = Campus::start(engine);
        sow(&campus);
        by_what_they_are(&campus);
        by_their_time(&campus);
        free_and_busy_add_up(&campus);
        several_units(&campus);
        campus.check();
    }
}

fn sow(campus: &Campus) {
    for (code, kind, capacity, building, attributes) in [
        ("S1", "CLASSROOM", 20, "A", json!({"projector": true, "sockets": 12})),
        ("S2", "CLASSROOM", 40, "A", json!({"projector": false, "sockets": 0})),
        ("S3", "LABORATORY", 30, "B", json!({"projector": "ceiling", "fumeHood": true})),
        ("S4", "AUDITORIUM", 300, "B", json!({"projector": null})),
    ] {
        let body = json!({
            "code": code, "name": code, "type": kind, "capacity": capacity, "location": {"building": building},
            "attributes": attributes,
        });
        campus.administrator.post("/resources", &body).expect(201);
    }
    campus
        .administrator
        .post("/resources", &json!({"code": "S5", "name": "Beamer", "type": "MULTIMEDIA_EQUIPMENT"}))
        .expect(201);
    campus.settled();
}

fn free(campus: &Campus, from: DateTime<Utc>, minutes: i64, query: &str) -> String {
    let (from, to) = (instant(from), instant(from + TimeDelta::minutes(minutes)));
    let found = campus.administrator.get(&format!("/availability/search?from={from}&to={to}{query}")).expect(200);
    items(&found).iter().map(|one| text(&one["code"])).collect::<Vec<_>>().join(" ")
}

fn by_what_they_are(campus: &Campus) {
    let start = next_week(Weekday::Mon, 10);
    for (query, codes) in [
        ("", "S5 S1 S3 S2 S4"),
        ("&limit=2", "S5 S1"),
        ("&capacity=30", "S3 S2 S4"),
        ("&type=CLASSROOM", "S1 S2"),
        ("&building=B", "S3 S4"),
        ("&features=projector", "S1 S3"),
        ("&features=projector,fumeHood", "S3"),
        ("&features=sockets", "S1"),
        ("&features=nothing", ""),
        ("&type=CLASSROOM&capacity=21&building=A", "S2"),
    ] {
        assert_eq!(free(campus, start, 60, query), codes, "{query}");
    }
    let administrator = &campus.administrator;
    for (query, status, code) in [
        ("from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z", 422, "rules.broken"),
        ("from=2030-01-01T00:00:00Z&to=2030-03-01T00:00:00Z", 422, "rules.broken"),
        ("from=2030-01-01T00:00:00Z", 400, "query.invalid"),
        ("from=yesterday&to=today", 400, "query.invalid"),
    ] {
        administrator.get(&format!("/availability/search?{query}")).refused(status, code);
    }
}

fn find(campus: &Campus, code: &str) -> String {
    id(&items(&campus.administrator.get(&format!("/resources?search={code}")).expect(200))[0])
}

fn by_their_time(campus: &Campus) {
    let start = next_week(Weekday::Mon, 10);
    let taken = campus.administrator.post("/reservations", &wish(&find(campus, "S1"), start, 60)).expect(201);
    assert_eq!(free(campus, start, 60, "&type=CLASSROOM"), "S2");
    assert_eq!(free(campus, start - TimeDelta::minutes(30), 60, "&type=CLASSROOM"), "S2");
    assert_eq!(free(campus, start + TimeDelta::hours(1), 60, "&type=CLASSROOM"), "S1 S2");
    campus.administrator.post(&format!("/reservations/{}/cancel", id(&taken)), &json!({})).expect(200);
    assert_eq!(free(campus, start, 60, "&type=CLASSROOM"), "S1 S2");
    campus.set_status(&find(campus, "S2"), "MAINTENANCE");
    assert_eq!(free(campus, start, 60, "&type=CLASSROOM"), "S1");
    // What no rule allows is not offered.
    assert_eq!(free(campus, next_week(Weekday::Sun, 10), 60, ""), "");
    assert_eq!(free(campus, start, 600, ""), "");
    campus.administrator.delete(&format!("/resources/{}", find(campus, "S5"))).expect(204);
    campus.settled();
    assert_eq!(free(campus, start, 60, "&limit=1"), "S1");
}

fn slots(list: &Value) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let at = |value: &Value| text(value).parse().expect("an instant");
    list.as_array().expect("a list").iter().map(|slot| (at(&slot["startTime"]), at(&slot["endTime"]))).collect()
}

fn week_of(campus: &Campus, room: &str) -> Value {
    let (from, to) = (next_week(Weekday::Mon, 0), next_week(Weekday::Mon, 0) + TimeDelta::days(7));
    let query = format!("from={}&to={}", instant(from), instant(to));
    campus.administrator.get(&format!("/resources/{room}/availability?{query}")).expect(200)
}

fn free_and_busy_add_up(campus: &Campus) {
    let room = campus.room("T1");
    for (weekday, hour, minutes) in
        [(Weekday::Mon, 6, 60), (Weekday::Mon, 7, 45), (Weekday::Wed, 12, 90), (Weekday::Sat, 21, 60)]
    {
        campus.administrator.post("/reservations", &wish(&room, next_week(weekday, hour), minutes)).expect(201);
    }
    let answer = week_of(campus, &room);
    assert_eq!(answer["closed"], false);
    let (busy, free) = (slots(&answer["busy"]), slots(&answer["free"]));
    let monday = next_week(Weekday::Mon, 6);
    assert_eq!(busy[0], (monday, monday + TimeDelta::minutes(105)), "what touches is joined");
    let mut all = [busy.clone(), free.clone()].concat();
    all.sort();
    assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].0), "nothing overlaps: {all:?}");
    let total: TimeDelta = all.iter().map(|(start, end)| *end - *start).sum();
    assert_eq!(total, TimeDelta::hours(6 * 16), "six days from 06:00 to 22:00");
    assert!(free.contains(&(next_week(Weekday::Tue, 6), next_week(Weekday::Tue, 22))));

    campus.set_status(&room, "MAINTENANCE");
    let closed = week_of(campus, &room);
    assert_eq!((&closed["closed"], &closed["free"]), (&json!(true), &json!([])));
    assert_eq!(slots(&closed["busy"]), busy);
    let path = format!("/resources/{room}/availability");
    for (query, status, code) in [
        ("from=2030-01-01T00:00:00Z&to=2030-03-05T00:00:00Z", 422, "rules.broken"),
        ("from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z", 422, "rules.broken"),
        ("to=2030-01-01T00:00:00Z", 400, "query.invalid"),
    ] {
        campus.administrator.get(&format!("{path}?{query}")).refused(status, code);
    }
    let nothing = "/resources/00000000-0000-7000-8000-000000000000/availability";
    let query = "from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z";
    campus.administrator.get(&format!("{nothing}?{query}")).refused(404, "not_found");
}

fn several_units(campus: &Campus) {
    let room = campus.ruled("U1", &json!({"customRules": {"maxConcurrentBookings": 2, "bufferMinutes": 30}}));
    let start = next_week(Weekday::Tue, 10);
    for (offset, minutes) in [(0, 60), (30, 60)] {
        campus
            .administrator
            .post("/reservations", &wish(&room, start + TimeDelta::minutes(offset), minutes))
            .expect(201);
    }
    // Taken is when the last unit is, buffers included.
    let busy = slots(&week_of(campus, &room)["busy"]);
    assert_eq!(busy, [(start + TimeDelta::minutes(30), start + TimeDelta::minutes(90))]);
    assert!(!free(campus, start, 60, "&capacity=30").contains("U1"));
    assert!(free(campus, start + TimeDelta::minutes(90), 60, "&capacity=30").contains("U1"));
    // The time behind a reservation must be free as well: what is offered can be reserved.
    assert!(!free(campus, start - TimeDelta::minutes(59), 60, "&capacity=30").contains("U1"));
    let before = start - TimeDelta::minutes(60);
    assert!(free(campus, before, 60, "&capacity=30").contains("U1"));
    campus.administrator.post("/reservations", &wish(&room, before, 60)).expect(201);
}
