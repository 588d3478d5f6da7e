//! The availability service over HTTP: what becomes of a reservation, and who may do what with it.

use chrono::{TimeDelta, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, broken, id, in_hours, items, next_week, text, walk, wish};
use crate::harness::{Client, on_each_engine, settle};

on_each_engine! {
    reservations_are_made_moved_and_cancelled(engine) {
        let campus = Campus::start(engine);
        once_only(&campus);
        moving(&campus);
        cancelling(&campus);
        pending(&campus);
        campus.check();
    }

    others_have_their_privacy(engine) {
        let campus = Campus::start(engine);
        on_behalf(&campus);
        hidden(&campus);
        campus.check();
    }

    reservations_follow_their_resource(engine) {
        let campus = Campus::start(engine);
        closing(&campus);
        deleting(&campus);
        arriving(&campus);
        campus.check();
    }
}

fn path(reservation: &Value) -> String {
    format!("/reservations/{}", id(reservation))
}

fn once_only(campus: &Campus) {
    let room = campus.room("A1");
    let teacher = campus.member("TEACHER");
    let start = next_week(Weekday::Tue, 10);
    let answer = teacher.post("/reservations", &wish(&room, start, 60));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let location = answer.header("location").map(str::to_owned);
    let reservation = answer.expect(201);
    assert_eq!(location, Some(format!("/api/v1{}", path(&reservation))));
    assert_eq!((&reservation["status"], &reservation["version"]), (&json!("CONFIRMED"), &json!(1)));
    assert_eq!(reservation["userId"], teacher.user_id());
    assert_eq!(teacher.get(&path(&reservation)).expect(200), reservation);

    let refused = teacher.post("/reservations", &wish(&room, start + TimeDelta::minutes(30), 60));
    let problem = refused.refused(409, "reservation.conflict");
    assert_eq!(problem["conflicts"][0]["holderId"], reservation["id"]);
    let offered = &problem["alternatives"][0];
    let again = json!({"resourceId": room, "startTime": offered["startTime"], "endTime": offered["endTime"]});
    teacher.post("/reservations", &again).expect(201);
    // Half open: what ends when another begins does not overlap it.
    teacher.post(&format!("{}/cancel", path(&reservation)), &json!({"reason": "Ill"})).expect(200);
    teacher.post("/reservations", &wish(&room, start - TimeDelta::minutes(30), 30)).expect(201);
    let nothing = wish("00000000-0000-7000-8000-000000000000", start, 60);
    teacher.post("/reservations", &nothing).refused(404, "not_found");
}

fn moving(campus: &Campus) {
    let room = campus.room("M1");
    let teacher = campus.member("TEACHER");
    let start = next_week(Weekday::Wed, 10);
    let hour = TimeDelta::hours(1);
    let moved = teacher.post("/reservations", &wish(&room, start, 60)).expect(201);
    let other = teacher.post("/reservations", &wish(&room, start + hour, 60)).expect(201);
    let edit = |tag: &str, body: Value| teacher.send("PATCH", &path(&moved), &[("if-match", tag)], Some(&body));
    let onto = json!({"startTime": start + hour, "endTime": start + hour * 2});
    let problem = edit("\"1\"", onto.clone()).refused(409, "reservation.conflict");
    assert_eq!(problem["conflicts"][0]["holderId"], other["id"]);
    // A move may overlap the time that it leaves.
    let longer = edit("\"1\"", json!({"startTime": start - hour}));
    assert_eq!(longer.header("etag"), Some("\"2\""));
    assert_eq!(longer.expect(200)["startTime"], json!(start - hour));
    assert_eq!(edit("\"1\"", onto).refused(412, "version.stale")["currentVersion"], 2);
    assert_eq!(edit("*", json!({"purpose": "Test"})).expect(200)["version"], 2, "nothing changes");
    assert_eq!(edit("*", json!({"purpose": "Exam"})).expect(200)["purpose"], "Exam");
    edit("\"3\"", json!({"startTime": start + hour * 2, "endTime": start + hour * 3})).expect(200);
    teacher.post("/reservations", &wish(&room, start - hour, 120)).expect(201);
    assert_eq!(broken(edit("*", json!({"endTime": start + hour * 2 + TimeDelta::minutes(5)}))), ["rule.min_duration"]);
    assert_eq!(broken(edit("*", json!({"endTime": start}))), ["rule.time_order"]);
    let versions: Vec<_> = (2..=4).map(|version| ("reservation.updated".to_owned(), version)).collect();
    assert_eq!(campus.history(&id(&moved), 4)[1..], versions);
    teacher.patch("/reservations/00000000-0000-7000-8000-000000000000", &json!({})).refused(404, "not_found");
}

fn cancelling(campus: &Campus) {
    let room = campus.ruled("C1", &json!({"customRules": {"businessHoursOnly": false}}));
    let teacher = campus.member("TEACHER");
    for (hours, late) in [(48, false), (3, true)] {
        let reservation = teacher.post("/reservations", &wish(&room, in_hours(hours), 60)).expect(201);
        let cancel = format!("{}/cancel", path(&reservation));
        teacher.send("POST", &cancel, &[("if-match", "\"2\"")], None).refused(412, "version.stale");
        teacher.post(&cancel, &json!({"reason": "x".repeat(501)})).refused(422, "rules.broken");
        let cancelled =
            teacher.send("POST", &cancel, &[("if-match", "\"1\"")], Some(&json!({"reason": "Ill"}))).expect(200);
        assert_eq!((&cancelled["status"], &cancelled["cancelReason"]), (&json!("CANCELLED"), &json!("Ill")));
        assert_eq!(cancelled["cancelledLate"] == true, late, "{hours} hours before");
        teacher.post(&cancel, &json!({})).refused(409, "reservation.not_changeable");
        teacher.patch(&path(&reservation), &json!({"purpose": "Exam"})).refused(409, "reservation.not_changeable");
        let event = campus.events_of(&id(&reservation), 2)[1].clone();
        assert_eq!((&event["eventType"], &event["data"]["late"]), (&json!("reservation.cancelled"), &json!(late)));
        assert_eq!(event["data"]["cancelledBy"], teacher.user_id());
        // Its time is free again.
        teacher.post("/reservations", &wish(&room, in_hours(hours), 60)).expect(201);
    }
}

/// Who must be asked first holds the time meanwhile.
fn pending(campus: &Campus) {
    let room = campus.ruled("P1", &json!({"requiresApproval": true}));
    let teacher = campus.member("TEACHER");
    let start = next_week(Weekday::Thu, 10);
    let reservation = teacher.post("/reservations", &wish(&room, start, 60)).expect(201);
    assert_eq!(reservation["status"], "PENDING");
    assert_eq!(campus.events_of(&id(&reservation), 1)[0]["data"]["requiresApproval"], true);
    teacher.post("/reservations", &wish(&room, start, 60)).refused(409, "reservation.conflict");
    let cancelled = teacher.send("POST", &format!("{}/cancel", path(&reservation)), &[], None).expect(200);
    assert_eq!(cancelled["status"], "CANCELLED");
}

fn on_behalf(campus: &Campus) {
    let room = campus.room("B1");
    let (planner, teacher, student) =
        (campus.member("PROGRAM_ADMIN"), campus.member("TEACHER"), campus.member("STUDENT"));
    let mut body = wish(&room, next_week(Weekday::Mon, 8), 60);
    body["userId"] = json!(student.user_id());
    let refused = teacher.post("/reservations", &body).refused(403, "auth.forbidden");
    assert!(text(&refused["detail"]).contains("reservations:manage"), "{refused}");
    let reservation = planner.post("/reservations", &body).expect(201);
    assert_eq!((&reservation["userId"], &reservation["createdBy"]), (&body["userId"], &json!(planner.user_id())));
    student.get(&path(&reservation)).expect(200);
    body["startTime"] = json!(next_week(Weekday::Mon, 9));
    body["endTime"] = json!(next_week(Weekday::Mon, 10));
    student.post("/reservations", &body).expect(201);
    planner.post(&format!("{}/cancel", path(&reservation)), &json!({})).expect(200);
}

fn hidden(campus: &Campus) {
    let room = campus.room("H1");
    let (owner, other, guard) = (campus.member("STUDENT"), campus.member("STUDENT"), campus.member("SECURITY"));
    let mut mine: Vec<Value> = Vec::new();
    for hour in [8, 9, 10] {
        mine.push(owner.post("/reservations", &wish(&room, next_week(Weekday::Fri, hour), 60)).expect(201));
    }
    let theirs = other.post("/reservations", &wish(&room, next_week(Weekday::Fri, 11), 60)).expect(201);
    let look = |client: &Client, tag: &str| {
        let cancel = format!("{}/cancel", path(&theirs));
        client.get(&path(&theirs)).refused(404, "not_found");
        client
            .send("PATCH", &path(&theirs), &[("if-match", tag)], Some(&json!({"purpose": "Mine"})))
            .refused(404, "not_found");
        client.send("POST", &cancel, &[("if-match", tag)], None).refused(404, "not_found");
    };
    look(&owner, "*");
    // Not even its version is told.
    look(&owner, "\"9\"");
    assert_eq!(walk(&owner, "/reservations?limit=2", 2), mine);
    let theirs_only = format!("/reservations?userId={}", other.user_id());
    assert_eq!(items(&owner.get(&theirs_only).expect(200)), Vec::<Value>::new());

    assert_eq!(items(&guard.get(&theirs_only).expect(200)), std::slice::from_ref(&theirs));
    guard.get(&path(&theirs)).expect(200);
    guard.post(&format!("{}/cancel", path(&theirs)), &json!({})).refused(403, "auth.forbidden");
    let all = walk(&guard, &format!("/reservations?resourceId={room}&limit=3"), 2);
    assert_eq!(all, [mine.clone(), vec![theirs]].concat());
    let (from, to) = (next_week(Weekday::Fri, 9), next_week(Weekday::Fri, 10));
    let within = format!("/reservations?from={}&to={}", super::campus::instant(from), super::campus::instant(to));
    assert_eq!(items(&guard.get(&within).expect(200)), [mine[1].clone()]);
    owner.post(&format!("{}/cancel", path(&mine[1])), &json!({})).expect(200);
    assert_eq!(items(&owner.get("/reservations?status=CANCELLED").expect(200)).len(), 1);
    for far in ["from=-100000-01-01T00:00:00Z", "to=%2B200000-01-01T00:00:00Z", "from=-262000-01-01T00:00:00Z"] {
        assert_eq!(items(&owner.get(&format!("/reservations?{far}")).expect(200)).len(), 3, "{far}");
    }
}

fn closing(campus: &Campus) {
    let room = campus.room("X1");
    let teacher = campus.member("TEACHER");
    let live = teacher.post("/reservations", &wish(&room, next_week(Weekday::Mon, 8), 60)).expect(201);
    let gone = teacher.post("/reservations", &wish(&room, next_week(Weekday::Mon, 9), 60)).expect(201);
    teacher.post(&format!("{}/cancel", path(&gone)), &json!({})).expect(200);
    // Somebody is in it: that closes nothing.
    campus.set_status(&room, "RESERVED");
    teacher.post("/reservations", &wish(&room, next_week(Weekday::Mon, 10), 60)).expect(201);
    let conflicts = |count| campus.events("type=schedule.conflict.detected", count);
    assert_eq!(conflicts(0), Vec::<Value>::new());
    campus.set_status(&room, "MAINTENANCE");
    let found = conflicts(1);
    let data = &found[0]["data"];
    assert_eq!((found.len(), &data["resourceId"]), (1, &json!(room)));
    let flagged = data["conflictingReservations"].as_array().expect("a list");
    assert!(flagged.len() == 2 && flagged.contains(&live["id"]), "{data}");
    assert!(text(&data["reason"]).contains("MAINTENANCE") && data["timeSlot"]["endTime"].is_string(), "{data}");
    let refused = teacher.post("/reservations", &wish(&room, next_week(Weekday::Mon, 12), 60));
    assert_eq!(broken(refused), ["rule.resource_closed"]);
    assert_eq!(teacher.get(&path(&live)).expect(200)["status"], "CONFIRMED");
    campus.set_status(&room, "AVAILABLE");
    teacher.post("/reservations", &wish(&room, next_week(Weekday::Mon, 12), 60)).expect(201);
    assert_eq!(conflicts(1).len(), 1);
    // Another closure is another conflict, of all that is live by then.
    campus.set_status(&room, "UNAVAILABLE");
    assert_eq!(conflicts(2)[1]["data"]["conflictingReservations"].as_array().map(Vec::len), Some(3));
}

fn deleting(campus: &Campus) {
    let room = campus.room("D1");
    let teacher = campus.member("TEACHER");
    let reservation = teacher.post("/reservations", &wish(&room, next_week(Weekday::Tue, 8), 60)).expect(201);
    campus.administrator.delete(&format!("/resources/{room}?force=true")).expect(204);
    campus.settled();
    let cancelled = teacher.get(&path(&reservation)).expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["cancelReason"]),
        (&json!("CANCELLED"), &json!("the resource was deleted"))
    );
    let deleted = campus.events_of(&room, 2).pop().expect("an event");
    let event = campus.events_of(&id(&reservation), 2).pop().expect("an event");
    assert_eq!((&event["eventType"], &event["data"]["late"]), (&json!("reservation.cancelled"), &json!(false)));
    assert_eq!(event["metadata"]["causationId"], deleted["eventId"]);
    assert_eq!(event["metadata"]["correlationId"], deleted["metadata"]["correlationId"]);
    teacher.post("/reservations", &wish(&room, next_week(Weekday::Tue, 9), 60)).refused(404, "not_found");
    let span = "from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z";
    teacher.get(&format!("/resources/{room}/availability?{span}")).refused(404, "not_found");
}

/// A resource that was created a moment ago is there, or on its way, but never unknown.
fn arriving(campus: &Campus) {
    for number in 0..10 {
        let body = json!({"code": format!("N{number}"), "name": "New", "type": "CLASSROOM"});
        let room = id(&campus.administrator.post("/resources", &body).expect(201));
        let wish = wish(&room, next_week(Weekday::Wed, 8), 60);
        settle("the new room can be reserved", || {
            let answer = campus.administrator.post("/reservations", &wish);
            if answer.status == 201 {
                return Some(());
            }
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.refused(503, "unavailable");
            None
        });
    }
}

on_each_engine! {
    odd_instants_do_no_harm(engine) {
        let campus = Campus::start(engine);
        let room = campus.room("Z1");
        let start = next_week(Weekday::Wed, 9);
        let leap = (start - TimeDelta::seconds(1)).format("%Y-%m-%dT%H:%M:60Z").to_string();
        let body = json!({"resourceId": room, "startTime": leap, "endTime": start + TimeDelta::hours(1)});
        let made = campus.administrator.post("/reservations", &body).expect(201);
        assert_eq!(made["startTime"], json!(start), "a leap second is the next second");
        let report = "/reports/usage?from=-004800-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
        campus.administrator.get(report).expect(200);
        campus.check();
    }

    a_resource_can_be_reserved_at_once(engine) {
        let campus = Campus::start(engine);
        for number in 0..20 {
            let body = json!({"code": format!("N{number}"), "name": "New", "type": "CLASSROOM"});
            let room = text(&campus.administrator.post("/resources", &body).expect(201)["id"]);
            campus.administrator.post("/reservations", &wish(&room, next_week(Weekday::Wed, 9), 60)).expect(201);
        }
        campus.check();
    }
}
