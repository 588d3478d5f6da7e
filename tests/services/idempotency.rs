//! `Idempotency-Key`: what is sent again is answered again and not done again.

use chrono::{TimeDelta, Weekday};
use serde_json::{Value, json};

use super::campus::{Campus, items, next_week, wish};
use crate::harness::{Answer, Client, on_each_engine};

on_each_engine! {
    a_repeated_request_is_done_once(engine) {
        let campus = Campus::start(engine);
        in_a_row(&campus);
        at_once(&campus);
        apart(&campus);
        refusals(&campus);
        campus.check();
    }
}

fn reserve(client: &Client, key: &str, body: &Value) -> Answer {
    client.send("POST", "/reservations", &[("idempotency-key", key)], Some(body))
}

fn count(campus: &Campus, room: &str) -> usize {
    items(&campus.administrator.get(&format!("/reservations?resourceId={room}")).expect(200)).len()
}

fn in_a_row(campus: &Campus) {
    let room = campus.room("I1");
    let client = &campus.administrator;
    let body = wish(&room, next_week(Weekday::Mon, 10), 60);
    let first = reserve(client, "key-1", &body);
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let again = reserve(client, "key-1", &body);
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    for header in ["content-type", "etag", "location"] {
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    assert_eq!((again.text.as_str(), count(campus, &room)), (first.text.as_str(), 1));
    assert_ne!(first.header("x-correlation-id"), again.header("x-correlation-id"));
    let other = wish(&room, next_week(Weekday::Mon, 12), 60);
    reserve(client, "key-1", &other).refused(422, "idempotency.mismatch");
    client
        .send("POST", "/categories", &[("idempotency-key", "key-1")], Some(&body))
        .refused(422, "idempotency.mismatch");
    reserve(client, "key-2", &body).refused(409, "reservation.conflict");
    for key in ["", "with blank", &"k".repeat(256)] {
        reserve(client, key, &body).refused(400, "header.invalid");
    }
    let path = format!("/resources/{room}?force=true");
    for replayed in [None, Some("true")] {
        let deleted = client.send("DELETE", &path, &[("idempotency-key", "key-3")], None);
        assert_eq!((deleted.status, deleted.header("idempotency-replayed")), (204, replayed));
    }
}

fn at_once(campus: &Campus) {
    let room = campus.room("I2");
    let body = wish(&room, next_week(Weekday::Tue, 10), 60);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..8).map(|_| scope.spawn(|| reserve(&campus.administrator, "key-at-once", &body))).collect();
        asking.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let fresh = answers.iter().filter(|one| one.status == 201 && one.header("idempotency-replayed").is_none()).count();
    assert_eq!((fresh, count(campus, &room)), (1, 1));
    for answer in answers {
        match answer.status {
            201 => assert_eq!(answer.json()["resourceId"], room),
            _ => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                answer.refused(409, "idempotency.in_progress");
            }
        }
    }
}

/// Keys of two users do not meet, and where nobody has logged in yet they mean nothing.
fn apart(campus: &Campus) {
    let room = campus.room("I3");
    let start = next_week(Weekday::Wed, 10);
    for (number, client) in [campus.member("TEACHER"), campus.member("TEACHER")].iter().enumerate() {
        let start = start + TimeDelta::hours(i64::try_from(number).expect("few"));
        let answer = reserve(client, "shared", &wish(&room, start, 60));
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, None));
    }
    let (_, email) = campus.add_user(&["STUDENT"]);
    let login = |password: &str| {
        let body = json!({"email": email, "password": password});
        campus.anonymous().send("POST", "/auth/login", &[("idempotency-key", "shared")], Some(&body))
    };
    let (first, second) = (login(super::campus::PASSWORD), login(super::campus::PASSWORD));
    assert_eq!((first.status, second.header("idempotency-replayed")), (200, None));
    assert_ne!(first.json()["refreshToken"], second.json()["refreshToken"], "tokens are stored nowhere");
    login("wrong password").refused(401, "auth.login_refused");
}

/// What would be answered the same again is; what might go better is tried again.
fn refusals(campus: &Campus) {
    let room = campus.room("I4");
    let body = wish(&room, next_week(Weekday::Thu, 10), 60);
    let short = wish(&room, next_week(Weekday::Thu, 10), 5);
    for replayed in [None, Some("true")] {
        let refused = reserve(&campus.administrator, "short", &short);
        assert_eq!(refused.header("idempotency-replayed"), replayed);
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        refused.refused(422, "rules.broken");
    }
    let guard = campus.member("SECURITY");
    for _ in 0..2 {
        let refused = reserve(&guard, "mine", &body);
        assert_eq!(refused.header("idempotency-replayed"), None);
        refused.refused(403, "auth.forbidden");
    }
}
