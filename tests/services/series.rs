//! Recurring reservations over HTTP.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::America::New_York;
use serde_json::{Value, json};

use super::campus::{Campus, broken, id, in_hours, items, next_week, text, wish};
use crate::harness::{Client, on_each_engine};

on_each_engine! {
    series_are_made_and_called_off(engine) {
        let campus = Campus::start(engine);
        let teacher = campus.member("TEACHER");
        all_or_none(&campus, &teacher);
        what_can_be_had(&campus, &teacher);
        calling_off(&campus, &teacher);
        rules_of_recurrence(&campus, &teacher);
        a_change_of_the_clocks(&campus, &teacher);
        what_begins_too_far_ahead(&campus, &teacher);
        campus.check();
    }
}

fn weekly(room: &str, start: DateTime<Utc>, rrule: &str, mode: &str) -> Value {
    let mut body = wish(room, start, 60);
    body["rrule"] = json!(rrule);
    body["mode"] = json!(mode);
    body
}

fn starts(series: &Value) -> Vec<DateTime<Utc>> {
    let list = series["reservations"].as_array().unwrap_or_else(|| panic!("no reservations: {series}"));
    list.iter().map(|one| text(&one["startTime"]).parse().expect("an instant")).collect()
}

fn week(number: i64) -> TimeDelta {
    TimeDelta::weeks(number)
}

fn all_or_none(campus: &Campus, teacher: &Client) {
    let room = campus.room("A1");
    let start = next_week(Weekday::Tue, 10);
    let taken = teacher.post("/reservations", &wish(&room, start + week(2), 60)).expect(201);
    let body = weekly(&room, start, "FREQ=WEEKLY;COUNT=4", "all");
    let refused = teacher.post("/reservations/series", &body).refused(409, "reservation.conflict");
    assert_eq!(refused["conflicts"][0]["holderId"], taken["id"]);
    assert_eq!(items(&teacher.get(&format!("/reservations?resourceId={room}")).expect(200)).len(), 1, "none was made");
    teacher.post(&format!("/reservations/{}/cancel", id(&taken)), &json!({})).expect(200);

    let tried = teacher.post("/reservations/series?dryRun=true", &body);
    assert_eq!(tried.header("location"), None);
    let tried = tried.expect(200);
    assert_eq!((&tried["created"], &tried["dryRun"], &tried["id"]), (&json!(4), &json!(true), &Value::Null));
    assert_eq!(items(&teacher.get(&format!("/reservations?resourceId={room}&status=CONFIRMED")).expect(200)).len(), 0);

    let made = teacher.post("/reservations/series", &body);
    let location = made.header("location").expect("a location").to_owned();
    let made = made.expect(201);
    assert_eq!((&made["created"], &made["rejected"]), (&json!(4), &json!([])));
    assert_eq!(location, format!("/api/v1/reservations/series/{}", id(&made)));
    let series = teacher.get(&format!("/reservations/series/{}", id(&made))).expect(200);
    assert_eq!(starts(&series), (0..4).map(|number| start + week(number)).collect::<Vec<_>>());
    assert_eq!((&series["timeZone"], &series["rrule"]), (&json!("America/Bogota"), &body["rrule"]));
    let first = campus.events_of(&text(&made["reservations"][0]), 1);
    assert_eq!((&first[0]["eventType"], &first[0]["data"]["seriesId"]), (&json!("reservation.created"), &made["id"]));
    // UNTIL as a date is that whole day on the campus, and the days of BYDAY come in the order of time.
    let until = (start + week(1)).format("%Y%m%d");
    let body = weekly(&room, start + TimeDelta::hours(2), &format!("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL={until}"), "all");
    let made = teacher.post("/reservations/series", &body).expect(201);
    let series = teacher.get(&format!("/reservations/series/{}", id(&made))).expect(200);
    let noon = start + TimeDelta::hours(2);
    assert_eq!(starts(&series), [noon, noon + TimeDelta::days(2), noon + week(1)]);
}

fn what_can_be_had(campus: &Campus, teacher: &Client) {
    let room = campus.room("S1");
    let start = next_week(Weekday::Wed, 10);
    teacher.post("/reservations", &wish(&room, start + week(1), 60)).expect(201);
    let mut body = weekly(&room, start, "FREQ=WEEKLY;COUNT=4", "skip");
    body["exdates"] = json!([start + week(3)]);
    for query in ["?dryRun=true", ""] {
        let answer = teacher.post(&format!("/reservations/series{query}"), &body);
        let outcome = answer.expect(if query.is_empty() { 201 } else { 200 });
        assert_eq!(outcome["created"], 2);
        let rejected = json!([{
            "startTime": start + week(1), "endTime": start + week(1) + TimeDelta::hours(1),
            "reason": "the resource is taken at that time",
        }]);
        assert_eq!(outcome["rejected"], rejected);
    }
    // Nothing at all can be had: that is a refusal, in either mode.
    let only = weekly(&room, start, "FREQ=WEEKLY;COUNT=2", "skip");
    teacher.post("/reservations/series", &only).refused(409, "reservation.conflict");
    let sunday = weekly(&room, next_week(Weekday::Sun, 10), "FREQ=WEEKLY;COUNT=2", "skip");
    assert_eq!(broken(teacher.post("/reservations/series", &sunday)), ["rule.opening_hours"]);
}

fn calling_off(campus: &Campus, teacher: &Client) {
    let room = campus.room("C1");
    let start = next_week(Weekday::Thu, 10);
    let made = teacher.post("/reservations/series", &weekly(&room, start, "FREQ=WEEKLY;COUNT=3", "all")).expect(201);
    let path = format!("/reservations/series/{}", id(&made));
    let colleague = campus.member("TEACHER");
    colleague.get(&path).refused(404, "not_found");
    colleague.delete(&path).refused(404, "not_found");
    campus.member("SECURITY").get(&path).expect(200);
    campus.member("STUDENT").post("/reservations/series", &json!({})).refused(403, "auth.forbidden");
    let one = text(&made["reservations"][0]);
    teacher.post(&format!("/reservations/{one}/cancel"), &json!({})).expect(200);
    teacher.delete(&format!("{path}?reason={}", "x".repeat(501))).refused(422, "rules.broken");
    assert_eq!(
        teacher.delete(&format!("{path}?reason=Sabbatical")).expect(200),
        json!({"id": made["id"], "cancelled": 2})
    );
    assert_eq!(teacher.delete(&path).expect(200)["cancelled"], 0);
    let series = teacher.get(&path).expect(200);
    let reasons: Vec<_> =
        series["reservations"].as_array().expect("a list").iter().map(|one| &one["cancelReason"]).collect();
    assert_eq!(reasons, [&Value::Null, &json!("Sabbatical"), &json!("Sabbatical")]);
    teacher.get("/reservations/series/00000000-0000-7000-8000-000000000000").refused(404, "not_found");
    teacher.delete("/reservations/series/x").refused(404, "not_found");
    teacher.post("/reservations/series", &weekly(&room, start, "FREQ=WEEKLY;COUNT=3", "all")).expect(201);
}

fn rules_of_recurrence(campus: &Campus, teacher: &Client) {
    let room = campus.room("R1");
    let start = next_week(Weekday::Fri, 10);
    for (rrule, word) in [
        ("FREQ=DAILY;COUNT=3", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY", "UNTIL or COUNT"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20991231", "keep one"),
        ("FREQ=WEEKLY;COUNT=0", "1 to 400"),
        ("FREQ=WEEKLY;COUNT=401", "1 to 400"),
        ("FREQ=WEEKLY;COUNT=3;BYDAY=MO", "BYDAY"),
        ("FREQ=WEEKLY;COUNT=3;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=WEEKLY;UNTIL=20200101", "UNTIL"),
        ("FREQ=WEEKLY;UNTIL=tomorrow", "20261231"),
        ("every week", "FREQ=WEEKLY"),
    ] {
        let problem =
            teacher.post("/reservations/series", &weekly(&room, start, rrule, "all")).refused(422, "rules.broken");
        let error = &problem["errors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("field.rrule"), &json!("rrule")), "{rrule}");
        assert!(text(&error["message"]).contains(word), "{rrule}: {error}");
    }
    let mut several = weekly(&room, start, "FREQ=YEARLY", "all");
    several["timeZone"] = json!("Mars/Olympus");
    several["endTime"] = several["startTime"].clone();
    assert_eq!(
        broken(teacher.post("/reservations/series", &several)),
        ["field.rrule", "field.time_zone", "rule.time_order"]
    );
    let mut without = weekly(&room, start, "FREQ=WEEKLY;COUNT=1", "all");
    without["exdates"] = json!([start]);
    assert_eq!(broken(teacher.post("/reservations/series", &without)), ["field.exdates"]);
    teacher
        .post("/reservations/series", &weekly(&room, start, "FREQ=WEEKLY;COUNT=1", "some"))
        .refused(400, "body.malformed");
    campus.set_rules(&room, &json!({"allowRecurring": false}));
    let refused = teacher.post("/reservations/series", &weekly(&room, start, "FREQ=WEEKLY;COUNT=2", "all"));
    assert_eq!(broken(refused), ["rule.recurring_not_allowed"]);
}

/// The Wednesday before the next change of New York's clocks that is at least two weeks away.
fn before_the_change() -> NaiveDate {
    let offset = |day: NaiveDate| New_York.offset_from_utc_datetime(&day.and_time(NaiveTime::MIN)).fix();
    let first = Utc::now().date_naive() + Days::new(14);
    let changed = first.iter_days().find(|day| offset(*day) != offset(*day + Days::new(1))).expect("clocks change");
    changed.iter_days().rev().find(|day| day.weekday() == Weekday::Wed).expect("a Wednesday")
}

fn a_change_of_the_clocks(campus: &Campus, teacher: &Client) {
    let room = campus.room("Z1");
    let day = before_the_change();
    let local = |weeks: u64| {
        let at = (day + Days::new(7 * weeks)).and_hms_opt(14, 0, 0).expect("two o'clock");
        New_York.from_local_datetime(&at).single().expect("one instant").to_utc()
    };
    assert_ne!(local(1) - local(0), week(1), "the clocks change in between");
    let mut body = weekly(&room, local(0), "FREQ=WEEKLY;COUNT=3", "all");
    body["timeZone"] = json!("America/New_York");
    if local(0) > in_hours(30 * 24) {
        assert_eq!(broken(teacher.post("/reservations/series", &body)), ["rule.max_advance"]);
    }
    campus.set_rules(&room, &json!({"maxAdvanceBookingDays": 300}));
    let made = teacher.post("/reservations/series", &body).expect(201);
    let series = teacher.get(&format!("/reservations/series/{}", id(&made))).expect(200);
    // Always at two o'clock in New York, whatever the clocks say elsewhere.
    assert_eq!(starts(&series), [local(0), local(1), local(2)]);
    assert_eq!(series["timeZone"], "America/New_York");
}

/// Skipping occurrences does not get around the rule that is asked of the first one.
fn what_begins_too_far_ahead(campus: &Campus, teacher: &Client) {
    let room = campus.room("F1");
    for mode in ["all", "skip"] {
        let body = weekly(&room, next_week(Weekday::Mon, 10) + week(60), "FREQ=WEEKLY;COUNT=5", mode);
        let refused = teacher.post("/reservations/series", &body).refused(422, "rules.broken");
        assert_eq!(refused["errors"][0]["code"], "rule.max_advance", "{refused}");
    }
    let body = weekly(&room, next_week(Weekday::Mon, 10), "FREQ=WEEKLY;COUNT=3", "skip");
    let tried = teacher.post("/reservations/series?dryRun=true", &body).expect(200);
    let expected = json!(next_week(Weekday::Mon, 10) + week(2));
    assert_eq!(tried["occurrences"][2]["startTime"], expected, "a trial tells when");
}
