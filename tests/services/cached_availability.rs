//! What is read of availability through the cache is never from before an answered change.

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, id, instant, items, next_week, text, wish};
use crate::harness::{Client, on_each_engine, settle};

on_each_engine! {
    free_time_follows_every_change(engine) {
        let campus = Campus::start(engine);
        days_follow_reservations(&campus);
        edges_are_cut(&campus);
        a_closure_shows_at_once(&campus);
        campus.check();
    }

    rules_follow_their_event(engine) {
        let campus = Campus::start(engine);
        rules_say_whether_they_are_in_force(&campus);
        a_new_resource_has_rules_at_once(&campus);
        campus.check();
    }

    active_reservations_follow_every_change(engine) {
        let campus = Campus::start(engine);
        active(&campus);
        others_lists_need_a_permission(&campus);
        campus.check();
    }
}

fn busy(campus: &Campus, room: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let path = format!("/resources/{room}/availability?from={}&to={}", instant(from), instant(to));
    let at = |value: &Value| text(value).parse().expect("an instant");
    let answer = campus.administrator.get(&path).expect(200);
    let slots = answer["busy"].as_array().expect("a list");
    slots.iter().map(|slot| (at(&slot["startTime"]), at(&slot["endTime"]))).collect()
}

fn days_follow_reservations(campus: &Campus) {
    let room = campus.ruled("D1", &json!({"customRules": {"bufferMinutes": 15, "businessHoursOnly": false}}));
    let monday = next_week(Weekday::Mon, 0);
    let (hour, quarter) = (TimeDelta::hours(1), TimeDelta::minutes(15));
    let week = || busy(campus, &room, monday, monday + TimeDelta::days(7));
    assert_eq!(week(), []);
    // Late in the evening: the buffer reaches into the next day.
    let start = monday + hour * 22;
    let made = campus.administrator.post("/reservations", &wish(&room, start, 115)).expect(201);
    assert_eq!(week(), [(start, start + TimeDelta::minutes(130))]);
    let path = format!("/reservations/{}", id(&made));
    let later = start + TimeDelta::days(2);
    campus.administrator.patch(&path, &json!({"startTime": later, "endTime": later + hour})).expect(200);
    assert_eq!(week(), [(later, later + hour + quarter)]);
    campus.administrator.patch(&path, &json!({"startTime": later - hour})).expect(200);
    assert_eq!(week(), [(later - hour, later + hour + quarter)]);
    campus.administrator.post(&format!("{path}/cancel"), &json!({})).expect(200);
    assert_eq!(week(), []);
    for number in 0..5 {
        let start = monday + TimeDelta::days(number);
        campus.administrator.post("/reservations", &wish(&room, start, 60)).expect(201);
        assert_eq!(week().len() as i64, number + 1);
    }
}

/// A span that begins or ends within a reservation, or within a day, has what lies in it.
fn edges_are_cut(campus: &Campus) {
    let room = campus.room("E1");
    let (nine, hour) = (next_week(Weekday::Wed, 9), TimeDelta::hours(1));
    campus.administrator.post("/reservations", &wish(&room, nine, 240)).expect(201);
    for _ in 0..2 {
        assert_eq!(busy(campus, &room, nine + hour, nine + hour * 2), [(nine + hour, nine + hour * 2)]);
        assert_eq!(busy(campus, &room, nine + hour * 3, nine + hour * 30), [(nine + hour * 3, nine + hour * 4)]);
        assert_eq!(busy(campus, &room, nine + hour * 4, nine + hour * 30), []);
        // More days than the cache is asked for.
        assert_eq!(busy(campus, &room, nine + hour, nine + hour * 24 * 60), [(nine + hour, nine + hour * 4)]);
    }
}

fn a_closure_shows_at_once(campus: &Campus) {
    let room = campus.room("C1");
    let from = next_week(Weekday::Thu, 6);
    let path =
        format!("/resources/{room}/availability?from={}&to={}", instant(from), instant(from + TimeDelta::days(2)));
    let look = || campus.administrator.get(&path).expect(200);
    assert_eq!((&look()["closed"], look()["free"].as_array().map(Vec::len)), (&json!(false), Some(2)));
    for status in ["MAINTENANCE", "AVAILABLE", "UNAVAILABLE", "RESERVED"] {
        campus.set_status(&room, status);
        let closed = ["MAINTENANCE", "UNAVAILABLE"].contains(&status);
        for _ in 0..2 {
            assert_eq!(look()["closed"], closed, "{status}");
            assert_eq!(look()["free"] == json!([]), closed, "{status}");
        }
    }
    campus.set_rules(&room, &json!({"customRules": {"businessHoursOnly": false}}));
    assert_eq!(look()["free"].as_array().map(Vec::len), Some(1), "round the clock");
    campus.administrator.delete(&format!("/resources/{room}?force=true")).expect(204);
    campus.settled();
    campus.administrator.get(&path).refused(404, "not_found");
}

fn rules_say_whether_they_are_in_force(campus: &Campus) {
    let room = campus.room("R1");
    let path = format!("/resources/{room}/rules");
    for _ in 0..2 {
        let rules = campus.administrator.get(&path).expect(200);
        assert_eq!((&rules["inForce"], &rules["maxAdvanceBookingDays"]), (&json!(true), &json!(30)));
        assert_eq!(
            (&rules["openingHours"]["opensAt"], &rules["openingHours"]["closesAt"]),
            (&json!("06:00"), &json!("22:00"))
        );
    }
    for days in 31..41 {
        // What was read may be sent back with a change.
        let mut rules = campus.administrator.get(&path).expect(200);
        rules["maxAdvanceBookingDays"] = json!(days);
        let put = campus.administrator.put(&path, &rules).expect(200);
        assert_eq!((&put["maxAdvanceBookingDays"], put.get("inForce")), (&json!(days), None));
        let read = campus.administrator.get(&path);
        assert_eq!(read.header("etag"), Some(format!("\"{}\"", days - 29).as_str()));
        assert_eq!(read.expect(200)["maxAdvanceBookingDays"], days, "the rules are those that were set last");
        settle("they are in force", || (campus.administrator.get(&path).expect(200)["inForce"] == true).then_some(()));
    }
    campus.set_status(&room, "MAINTENANCE");
    assert_eq!(campus.administrator.get(&path).expect(200)["inForce"], true, "they stay what they are");
    campus.administrator.delete(&format!("/resources/{room}?force=true")).expect(204);
    campus.administrator.get(&path).refused(404, "not_found");
}

/// They may not be in force yet, but are told.
fn a_new_resource_has_rules_at_once(campus: &Campus) {
    for number in 0..5 {
        let body = json!({"code": format!("N{number}"), "name": "New", "type": "CLASSROOM"});
        let room = id(&campus.administrator.post("/resources", &body).expect(201));
        let path = format!("/resources/{room}/rules");
        let rules = campus.administrator.get(&path).expect(200);
        assert_eq!(rules["maxBookingDurationMinutes"], 480);
        assert_eq!(rules["inForce"] == true, rules["openingHours"].is_object(), "{rules}");
        campus.settled();
        assert_eq!(campus.administrator.get(&path).expect(200)["inForce"], true);
    }
}

fn listed(client: &Client) -> Vec<Value> {
    let page = client.get("/reservations/active").expect(200);
    assert_eq!(page.get("nextCursor"), Some(&Value::Null));
    items(&page)
}

fn active(campus: &Campus) {
    let room = campus.room("A1");
    let (teacher, hour) = (campus.member("TEACHER"), TimeDelta::hours(1));
    assert_eq!(listed(&teacher), Vec::<Value>::new());
    let start = next_week(Weekday::Tue, 10);
    let late = teacher.post("/reservations", &wish(&room, start + hour * 2, 60)).expect(201);
    assert_eq!(listed(&teacher), std::slice::from_ref(&late));
    let early = teacher.post("/reservations", &wish(&room, start, 60)).expect(201);
    assert_eq!(listed(&teacher), [early.clone(), late.clone()], "by start");
    let path = format!("/reservations/{}", id(&late));
    let renamed = teacher.patch(&path, &json!({"purpose": "Exam"})).expect(200);
    assert_eq!(listed(&teacher), [early.clone(), renamed]);
    let moved = teacher.patch(&path, &json!({"startTime": start - hour, "endTime": start})).expect(200);
    assert_eq!(listed(&teacher), [moved.clone(), early.clone()]);
    teacher.post(&format!("/reservations/{}/cancel", id(&early)), &json!({})).expect(200);
    assert_eq!(listed(&teacher), [moved]);
    campus.administrator.delete(&format!("/resources/{room}?force=true")).expect(204);
    campus.settled();
    assert_eq!(listed(&teacher), Vec::<Value>::new(), "a deletion cancels them");
}

fn others_lists_need_a_permission(campus: &Campus) {
    let room = campus.room("O1");
    let (owner, other, guard) = (campus.member("STUDENT"), campus.member("TEACHER"), campus.member("SECURITY"));
    let mine = owner.post("/reservations", &wish(&room, next_week(Weekday::Fri, 8), 60)).expect(201);
    let path = format!("/reservations/active?userId={}", owner.user_id());
    // Also when it is in the cache already.
    for _ in 0..2 {
        assert_eq!(items(&owner.get(&path).expect(200)), std::slice::from_ref(&mine));
        assert_eq!(items(&guard.get(&path).expect(200)), std::slice::from_ref(&mine));
        let refused = other.get(&path).refused(403, "auth.forbidden");
        assert!(text(&refused["detail"]).contains("reservations:read-all"), "{refused}");
    }
    assert_eq!(listed(&other), Vec::<Value>::new());
    campus.anonymous().get("/reservations/active").refused(401, "auth.unauthenticated");
    other.get("/reservations/active?userId=me").refused(400, "query.invalid");
}
