//! What the stories begin with: an installation, people, rooms, and times at which rooms are open.

use std::ops::Deref;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Engine, Installation, settle};

/// The password of everybody but the first administrator.
pub const PASSWORD: &str = "correct horse battery";

/// An installation with its administrator logged in once, because each login costs a hash.
pub struct Campus {
    pub administrator: Client,
    installation: Installation,
}

impl Deref for Campus {
    type Target = Installation;

    fn deref(&self) -> &Installation {
        &self.installation
    }
}

impl Campus {
    pub fn start(engine: Engine) -> Self {
        Self::start_with(engine, "")
    }

    /// The same with a `bookly.toml` that says this.
    pub fn start_with(engine: Engine, settings: &str) -> Self {
        let installation = Installation::start_with(engine, settings);
        Self { administrator: installation.administrator(), installation }
    }

    /// Adds a user with these roles; the identifier and the address.
    pub fn add_user(&self, roles: &[&str]) -> (String, String) {
        let email = format!("{}@test.bookly.local", uuid::Uuid::now_v7().simple());
        let body = json!({"email": email, "name": "Test user", "password": PASSWORD, "roles": roles});
        (id(&self.administrator.post("/users", &body).expect(201)), email)
    }

    /// A client of a new user with this role.
    pub fn member(&self, role: &str) -> Client {
        let (_, email) = self.add_user(&[role]);
        self.anonymous().log_in(&email, PASSWORD)
    }

    /// A classroom for 30 people that availability knows already.
    pub fn room(&self, code: &str) -> String {
        self.resource(&json!({"code": code, "name": format!("Room {code}"), "type": "CLASSROOM", "capacity": 30}))
    }

    /// A resource that availability knows already.
    pub fn resource(&self, body: &Value) -> String {
        let id = id(&self.administrator.post("/resources", body).expect(201));
        self.settled();
        id
    }

    /// A classroom with other rules than the usual ones.
    pub fn ruled(&self, code: &str, rules: &Value) -> String {
        let id = self.room(code);
        self.set_rules(&id, rules);
        id
    }

    /// Changes these of a resource's rules.
    pub fn set_rules(&self, resource: &str, changes: &Value) {
        let mut rules = self.administrator.get(&format!("/resources/{resource}/rules")).expect(200);
        merge(&mut rules, changes);
        self.administrator.put(&format!("/resources/{resource}/rules"), &rules).expect(200);
        self.settled();
    }

    /// Gives a resource another status.
    pub fn set_status(&self, resource: &str, status: &str) {
        let body = json!({"status": status, "reason": "Test"});
        self.administrator.patch(&format!("/resources/{resource}/status"), &body).expect(200);
        self.settled();
    }

    /// Waits until every event has been delivered.
    pub fn settled(&self) {
        settle("every event is delivered", || {
            let checks = self.administrator.get("/admin/checks").expect(200);
            (checks["undelivered"] == 0).then_some(())
        });
    }

    /// The events that a query finds, once there are so many: on PostgreSQL the list ends before what a transaction
    /// that is still open might yet add, in whichever database of the server.
    pub fn events(&self, query: &str, count: usize) -> Vec<Value> {
        settle("the events are listed", || {
            let found = items(&self.administrator.get(&format!("/events?limit=200&{query}")).expect(200));
            (found.len() >= count).then_some(found)
        })
    }

    /// The events of an aggregate, in order, once there are so many.
    pub fn events_of(&self, aggregate: &str, count: usize) -> Vec<Value> {
        self.events(&format!("aggregateId={aggregate}"), count)
    }

    /// The types and versions of an aggregate's events, once there are so many.
    pub fn history(&self, aggregate: &str, count: usize) -> Vec<(String, i64)> {
        let events = self.events_of(aggregate, count);
        events.iter().map(|event| (text(&event["eventType"]), event["version"].as_i64().expect("a version"))).collect()
    }
}

fn merge(into: &mut Value, changes: &Value) {
    match changes.as_object() {
        Some(fields) => fields.iter().for_each(|(name, value)| merge(&mut into[name], value)),
        None => *into = changes.clone(),
    }
}

/// The text of a JSON string.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The `id` of a thing.
#[track_caller]
pub fn id(value: &Value) -> String {
    text(&value["id"])
}

/// The `items` of a page.
#[track_caller]
pub fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap_or_else(|| panic!("no page: {page}")).clone()
}

/// The items of all pages of a list, which must be as many pages as said.
#[track_caller]
pub fn walk(client: &Client, path: &str, pages: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for page_number in 1..=pages {
        let page = client.get(&format!("{path}{cursor}")).expect(200);
        found.extend(items(&page));
        assert_eq!(page["nextCursor"].is_null(), page_number == pages, "page {page_number} of {path}");
        cursor = page["nextCursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    found
}

/// The codes of the rules that a request broke, in alphabetical order.
#[track_caller]
pub fn broken(answer: Answer) -> Vec<String> {
    let problem = answer.refused(422, "rules.broken");
    let mut codes: Vec<_> =
        problem["errors"].as_array().expect("errors").iter().map(|one| text(&one["code"])).collect();
    codes.sort();
    codes
}

/// The fields that a request has wrong, with the codes, in alphabetical order.
#[track_caller]
pub fn faults(answer: Answer, status: u16, code: &str) -> Vec<(String, String)> {
    let problem = answer.refused(status, code);
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}"));
    let mut faults: Vec<_> = errors.iter().map(|one| (text(&one["field"]), text(&one["code"]))).collect();
    faults.sort();
    faults
}

/// Literals as [`faults`] gives them.
pub fn named(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

/// An hour on a weekday of next week, on the campus in Bogota (UTC-5, without daylight saving).
pub fn next_week(weekday: Weekday, hour: u32) -> DateTime<Utc> {
    let today = Utc::now().date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into()) + Days::new(7);
    let day = monday + Days::new(weekday.num_days_from_monday().into());
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(i64::from(hour) + 5)
}

/// An instant some hours from now, at a whole minute.
pub fn in_hours(hours: i64) -> DateTime<Utc> {
    let at = Utc::now() + TimeDelta::hours(hours);
    DateTime::from_timestamp(at.timestamp() / 60 * 60, 0).expect("an instant")
}

/// A request for some time of a room.
pub fn wish(room: &str, start: DateTime<Utc>, minutes: i64) -> Value {
    json!({"resourceId": room, "startTime": start, "endTime": start + TimeDelta::minutes(minutes), "purpose": "Test"})
}

/// An instant in a query string.
pub fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
