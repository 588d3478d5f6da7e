//! The rules of reserving, over HTTP.

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, broken, id, in_hours, next_week, wish};
use crate::harness::on_each_engine;

on_each_engine! {
    each_rule_is_kept(engine) {
        let campus = Campus::start(engine);
        times(&campus);
        opening_hours(&campus);
        people(&campus);
        all_at_once(&campus);
        buffer(&campus);
        several_units(&campus);
        campus.check();
    }

    students_have_a_weekly_limit(engine) {
        let campus = Campus::start(engine);
        at_once(&campus);
        campus.check();
    }
}

fn try_for(campus: &Campus, room: &str, start: DateTime<Utc>, minutes: i64) -> Vec<String> {
    broken(campus.administrator.post("/reservations", &wish(room, start, minutes)))
}

fn times(campus: &Campus) {
    let room = campus.room("T1");
    let start = next_week(Weekday::Mon, 8);
    assert_eq!(try_for(campus, &room, start, 29), ["rule.min_duration"]);
    assert_eq!(try_for(campus, &room, start, 481), ["rule.max_duration"]);
    for minutes in [0, -60] {
        assert_eq!(try_for(campus, &room, start, minutes), ["rule.time_order"], "{minutes}");
    }
    let cancel = |minutes: i64| {
        let made = campus.administrator.post("/reservations", &wish(&room, start, minutes)).expect(201);
        campus.administrator.post(&format!("/reservations/{}/cancel", id(&made)), &json!({})).expect(200);
    };
    cancel(30);
    cancel(480);

    let any_time = campus.ruled("T2", &json!({"customRules": {"businessHoursOnly": false}}));
    assert_eq!(try_for(campus, &any_time, in_hours(-1), 60), ["rule.past"]);
    assert_eq!(try_for(campus, &any_time, in_hours(30 * 24 + 1), 60), ["rule.max_advance"]);
    campus.administrator.post("/reservations", &wish(&any_time, in_hours(30 * 24 - 1), 60)).expect(201);
    campus.administrator.post("/reservations", &wish(&any_time, next_week(Weekday::Sun, 23), 120)).expect(201);
    campus.set_rules(&any_time, &json!({"maxAdvanceBookingDays": 60}));
    campus.administrator.post("/reservations", &wish(&any_time, in_hours(31 * 24), 60)).expect(201);
    far_away(campus, &room);
}

/// The ends of the calendar are refused like any other time, whoever asks.
fn far_away(campus: &Campus, room: &str) {
    let student = campus.member("STUDENT");
    for (year, code) in [("9999-12-31", "rule.max_advance"), ("+262142-12-31", "rule."), ("-262000-01-01", "rule.")] {
        let body = json!({
            "resourceId": room, "startTime": format!("{year}T10:00:00Z"), "endTime": format!("{year}T23:59:59Z"),
        });
        for client in [&student, &campus.administrator] {
            let codes = broken(client.post("/reservations", &body));
            assert!(codes.iter().any(|one| one.starts_with(code)), "{year}: {codes:?}");
        }
    }
    for span in [
        "from=%2B262142-12-01T00:00:00Z&to=%2B262142-12-31T00:00:00Z",
        "from=-262000-01-01T00:00:00Z&to=-262000-01-02T00:00:00Z",
    ] {
        for path in [format!("/resources/{room}/availability?{span}"), format!("/availability/search?{span}")] {
            student.get(&path).refused(422, "rules.broken");
        }
    }
}

fn opening_hours(campus: &Campus) {
    let room = campus.room("O1");
    for (weekday, hour, minutes) in [
        (Weekday::Mon, 5, 60),
        (Weekday::Mon, 5, 90),
        (Weekday::Mon, 21, 90),
        (Weekday::Mon, 22, 60),
        (Weekday::Sun, 10, 60),
    ] {
        let codes = try_for(campus, &room, next_week(weekday, hour), minutes);
        assert_eq!(codes, ["rule.opening_hours"], "{weekday} {hour} {minutes}");
    }
    for (weekday, hour) in [(Weekday::Mon, 6), (Weekday::Mon, 21), (Weekday::Sat, 21)] {
        campus.administrator.post("/reservations", &wish(&room, next_week(weekday, hour), 60)).expect(201);
    }
    campus.set_rules(&room, &json!({"customRules": {"weekdaysOnly": true}}));
    assert_eq!(try_for(campus, &room, next_week(Weekday::Sat, 10), 60), ["rule.weekdays_only"]);
}

fn with_participants(mut wish: Value, count: usize) -> Value {
    wish["participants"] = (0..count).map(|_| json!(uuid::Uuid::now_v7())).collect();
    wish
}

fn people(campus: &Campus) {
    let room = campus.room("P1");
    let start = next_week(Weekday::Tue, 8);
    let refused = campus.administrator.post("/reservations", &with_participants(wish(&room, start, 60), 30));
    assert_eq!(broken(refused), ["rule.capacity"]);
    let made = campus.administrator.post("/reservations", &with_participants(wish(&room, start, 60), 29)).expect(201);
    assert_eq!(made["participants"].as_array().map(Vec::len), Some(29));
}

fn all_at_once(campus: &Campus) {
    let room = campus.room("L1");
    campus.set_status(&room, "UNAVAILABLE");
    let sunday = next_week(Weekday::Sun, 3) - TimeDelta::days(28);
    let mut everything = with_participants(wish(&room, sunday, 600), 501);
    everything["purpose"] = json!("x".repeat(501));
    let expected = [
        "field.length",
        "field.length",
        "rule.capacity",
        "rule.max_duration",
        "rule.opening_hours",
        "rule.past",
        "rule.resource_closed",
    ];
    assert_eq!(broken(campus.administrator.post("/reservations", &everything)), expected);
}

fn buffer(campus: &Campus) {
    let room = campus.ruled("B1", &json!({"customRules": {"bufferMinutes": 15}}));
    let start = next_week(Weekday::Wed, 10);
    let reserve = |offset: i64, minutes: i64| {
        campus.administrator.post("/reservations", &wish(&room, start + TimeDelta::minutes(offset), minutes))
    };
    reserve(0, 60).expect(201);
    for (offset, minutes) in [(60, 60), (74, 60), (-60, 60), (-60, 46)] {
        reserve(offset, minutes).refused(409, "reservation.conflict");
    }
    reserve(75, 60).expect(201);
    reserve(-60, 45).expect(201);
}

fn several_units(campus: &Campus) {
    let room = campus.ruled("U1", &json!({"customRules": {"maxConcurrentBookings": 2}}));
    let start = next_week(Weekday::Thu, 10);
    let reserve =
        |hour: i64| campus.administrator.post("/reservations", &wish(&room, start + TimeDelta::hours(hour), 60));
    reserve(0).expect(201);
    reserve(0).expect(201);
    let conflicts = reserve(0).refused(409, "reservation.conflict");
    assert_eq!(conflicts["conflicts"].as_array().map(Vec::len), Some(2));
    reserve(1).expect(201);
    // With fewer units than are taken, nothing more fits, and what there is stays.
    campus.set_rules(&room, &json!({"customRules": {"maxConcurrentBookings": 1}}));
    reserve(1).refused(409, "reservation.conflict");
    reserve(2).expect(201);
}

fn at_once(campus: &Campus) {
    let room = campus.room("W1");
    let student = campus.member("STUDENT");
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (6..16)
            .map(|hour| {
                let (student, body) = (student.clone(), wish(&room, next_week(Weekday::Mon, hour), 60));
                scope.spawn(move || student.post("/reservations", &body))
            })
            .collect();
        asking.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (5, 5));
    for answer in refused {
        assert_eq!(broken(answer), ["rule.weekly_limit"]);
    }
    // Another week is another limit, which a move cannot get around.
    let later = next_week(Weekday::Tue, 10) + TimeDelta::days(7);
    let next = student.post("/reservations", &wish(&room, later, 60)).expect(201);
    let path = format!("/reservations/{}", id(&next));
    let back = json!({"startTime": next_week(Weekday::Sat, 10), "endTime": next_week(Weekday::Sat, 11)});
    assert_eq!(broken(student.patch(&path, &back)), ["rule.weekly_limit"]);
    let one = format!("/reservations/{}/cancel", id(&made[0].json()));
    student.post(&one, &json!({})).expect(200);
    student.patch(&path, &back).expect(200);
    // Within the week a move costs nothing.
    let sooner = json!({"startTime": next_week(Weekday::Sat, 8), "endTime": next_week(Weekday::Sat, 9)});
    student.patch(&path, &sooner).expect(200);
    let teacher = campus.member("TEACHER");
    for hour in 6..12 {
        teacher.post("/reservations", &wish(&room, next_week(Weekday::Wed, hour), 60)).expect(201);
    }
}
