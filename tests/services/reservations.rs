//! The availability service over HTTP.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use crate::harness::{Client, Installation, on_each_engine, settle};

/// A classroom that availability knows already.
pub fn room(administrator: &Client, code: &str) -> String {
    let body = json!({"code": code, "name": format!("Room {code}"), "type": "CLASSROOM", "capacity": 30});
    let id = administrator.post("/resources", &body).expect(201)["id"].as_str().expect("an id").to_owned();
    settle("availability knows the room", || {
        let answer = administrator.get(&format!("/resources/{id}/availability?from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z"));
        (answer.status == 200).then_some(())
    });
    id
}

/// An hour on a weekday of next week, on the campus in Bogota (UTC-5, without daylight saving).
pub fn next_week(weekday: Weekday, hour: u32) -> DateTime<Utc> {
    let today = Utc::now().date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into()) + Days::new(7);
    let day = monday + Days::new(weekday.num_days_from_monday().into());
    day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(i64::from(hour) + 5)
}

/// A request for an hour of a room.
pub fn wish(room: &str, start: DateTime<Utc>, minutes: i64) -> Value {
    json!({"resourceId": room, "startTime": start, "endTime": start + TimeDelta::minutes(minutes), "purpose": "Test"})
}

on_each_engine! {
    a_room_is_reserved_once(engine) {
        let installation = Installation::start(engine);
        let administrator = installation.administrator();
        let room = room(&administrator, "A1");
        let teacher = installation.user("TEACHER");
        let start = next_week(Weekday::Tue, 10);
        let reservation = teacher.post("/reservations", &wish(&room, start, 60)).expect(201);
        assert_eq!((&reservation["status"], &reservation["version"]), (&json!("CONFIRMED"), &json!(1)));

        let refused = teacher.post("/reservations", &wish(&room, start + TimeDelta::minutes(30), 60));
        let problem = refused.refused(409, "reservation.conflict");
        assert_eq!(problem["conflicts"][0]["holderId"], reservation["id"]);
        let offered = problem["alternatives"][0].clone();
        let wish_again = json!({"resourceId": room, "startTime": offered["startTime"], "endTime": offered["endTime"]});
        teacher.post("/reservations", &wish_again).expect(201);

        // Half open: what ends when another begins does not overlap it.
        let id = reservation["id"].as_str().expect("an id");
        teacher.post(&format!("/reservations/{id}/cancel"), &json!({"reason": "Ill"})).expect(200);
        teacher.post("/reservations", &wish(&room, start - TimeDelta::minutes(30), 30)).expect(201);
        installation.check();
    }
}
