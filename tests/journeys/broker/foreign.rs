//! A program in another language, which knows nothing but the contract: it listens to every event, and publishes one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use uuid::Uuid;

use super::letters;
use crate::harness::{Client, Engine, Installation, settle, skip};
use crate::journeys::crowd::next_monday;

/// The program in one of its modes; `None` when Python is not to be had, which is noted.
fn program(test: &str, mode: &str, installation: &Installation) -> Option<Command> {
    let Ok(python) = std::env::var("BOOKLY_TEST_PYTHON") else {
        skip(test, "Python with pika, jsonschema and PyYAML (BOOKLY_TEST_PYTHON is not set)");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/consumer.py"));
    command.args([mode, "--url", &installation.amqp_url().expect("a broker")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command)
}

/// Somebody else's consumer.
struct Listener {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Listener {
    fn start(test: &str, installation: &Installation, until: &[&str]) -> Option<Self> {
        let mut command = program(test, "listen", installation)?;
        command.arg("--contract").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi.yml"));
        let mut process = command.arg("--until").args(until).spawn().expect("Python starts");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut listener = Self { process, lines };
        listener.line()["listening"].as_str().expect("it says that it listens");
        Some(listener)
    }

    fn line(&mut self) -> Value {
        let line = self.lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }

    /// What it was told, by type, until it has heard of everything that it waits for.
    fn heard(mut self) -> BTreeMap<String, Vec<Value>> {
        let mut heard = BTreeMap::<String, Vec<Value>>::new();
        for line in self.lines.by_ref() {
            let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            heard.entry(line["eventType"].as_str().expect("a type").to_owned()).or_default().push(line);
        }
        assert!(self.process.wait().expect("it ends").success(), "it heard only of {:?}", heard.keys());
        heard
    }
}

/// Publishes as somebody else; the answer, when one is asked for.
fn publish(installation: &Installation, envelope: &Value, reply: bool) -> Value {
    send(installation, envelope, if reply { &["--reply"] } else { &[] })
}

/// Publishes with another routing key than the event's type.
fn publish_with_key(installation: &Installation, envelope: &Value, key: &str) {
    send(installation, envelope, &["--key", key]);
}

fn send(installation: &Installation, envelope: &Value, options: &[&str]) -> Value {
    let mut command = program(module_path!(), "publish", installation).expect("it was there before");
    command.args(options);
    let mut process = command.spawn().expect("Python starts");
    let mut input = process.stdin.take().expect("its input");
    input.write_all(envelope.to_string().as_bytes()).expect("written");
    drop(input);
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(said.lines().last().expect("a line")).expect("JSON")
}

/// Every type of the contract.
fn all_types() -> Vec<&'static str> {
    amqp::catalogue::ENTRIES.iter().map(|entry| entry.event_type).collect()
}

#[test]
fn it_hears_of_every_event_and_each_keeps_the_contract() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let installation = Installation::start(engine);
    let Some(listener) = Listener::start(module_path!(), &installation, &all_types()) else { return };
    do_everything(&installation);
    let heard = listener.heard();
    for (event_type, messages) in &heard {
        for message in messages {
            assert_eq!(message["valid"], true, "{event_type}: {message}");
        }
    }
    let types: BTreeSet<&str> = heard.keys().map(String::as_str).collect();
    assert_eq!(types, all_types().into_iter().collect());
    println!("{} messages of {} types, all valid", heard.values().map(Vec::len).sum::<usize>(), heard.len());
}

/// Uses the product until each event has been raised.
fn do_everything(installation: &Installation) {
    let administrator = installation.administrator();
    let id = |answer: Value| answer["id"].as_str().expect("an id").to_owned();
    people(installation, &administrator);
    let category = id(administrator.post("/categories", &json!({"name": "Labs"})).expect(201));
    administrator.patch(&format!("/categories/{category}"), &json!({"description": "With benches"})).expect(200);
    let room = json!({"code": "F1", "name": "Room", "type": "LABORATORY"});
    let room = id(administrator.post("/resources", &room).expect(201));
    let path = format!("/resources/{room}");
    administrator.patch(&path, &json!({"name": "Laboratory"})).expect(200);
    administrator.patch(&format!("{path}/category"), &json!({"categoryId": category})).expect(200);
    let mut rules = administrator.get(&format!("{path}/rules")).expect(200);
    rules["maxBookingDurationMinutes"] = json!(240);
    administrator.put(&format!("{path}/rules"), &rules).expect(200);
    installation.settle_events();
    let reservation = |hour: i64| {
        let start = next_monday() + chrono::TimeDelta::hours(hour);
        json!({"resourceId": room, "startTime": start, "endTime": start + chrono::TimeDelta::hours(1)})
    };
    let first = id(administrator.post("/reservations", &reservation(8)).expect(201));
    administrator.patch(&format!("/reservations/{first}"), &json!({"purpose": "Other"})).expect(200);
    administrator.post(&format!("/reservations/{first}/cancel"), &json!({})).expect(200);
    administrator.post("/reservations", &reservation(10)).expect(201);
    administrator.patch(&format!("{path}/status"), &json!({"status": "MAINTENANCE"})).expect(200);
    installation.settle_events();
    administrator.delete(&format!("{path}?force=true")).expect(204);
}

fn people(installation: &Installation, administrator: &Client) {
    let (email, password) = ("somebody@test.bookly.local", "correct horse battery");
    let user = json!({"email": email, "name": "Somebody", "password": password, "roles": ["STUDENT"]});
    let user = administrator.post("/users", &user).expect(201);
    let user = user["id"].as_str().expect("an id");
    administrator.post(&format!("/users/{user}/roles"), &json!({"role": "TEACHER"})).expect(200);
    let grant = json!({"permission": "reports:read"});
    for target in [format!("/users/{user}"), "/roles/TEACHER".to_owned()] {
        administrator.post(&format!("{target}/permissions"), &grant).expect(200);
    }
    let session = installation.anonymous().post("/auth/login", &json!({"email": email, "password": password}));
    let session = session.expect(200);
    let client = installation.anonymous().with_token(session["accessToken"].as_str().expect("a token"));
    client.send("POST", "/auth/logout", &[], None).expect(204);
}

#[test]
fn what_it_publishes_has_its_effect_once_and_lies_do_no_harm() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let installation = Installation::start(engine);
    if program(module_path!(), "publish", &installation).is_none() {
        return;
    }
    let administrator = installation.administrator();
    let room = Uuid::now_v7();
    let envelope = created(room, 1);
    let answer = publish(&installation, &envelope, true);
    assert_eq!((&answer["code"], &answer["type"]), (&json!("EVT-0000"), &json!("event")), "{answer}");
    assert_eq!(answer["message"], "Event resource.created processed successfully");
    let week = format!("from={}&to={}", utc(next_monday()), utc(next_monday() + chrono::TimeDelta::days(7)));
    administrator.get(&format!("/resources/{room}/availability?{week}")).expect(200);

    // With a wrong routing key no queue takes it; it is handled all the same.
    let astray = Uuid::now_v7();
    publish_with_key(&installation, &created(astray, 1), "nobody.knows");
    settle("it is handled", || {
        (administrator.get(&format!("/resources/{astray}/availability?{week}")).status == 200).then_some(())
    });

    // The same again, and another one that claims to be the same version.
    publish(&installation, &envelope, true);
    assert_eq!(letters(&installation, ""), [Value::Null; 0]);

    let own = json!({"code": "O1", "name": "Own", "type": "CLASSROOM"});
    let own = administrator.post("/resources", &own).expect(201);
    let own_id = own["id"].as_str().expect("an id").parse().expect("a UUID");
    installation.settle_events();
    for version in [1, 7] {
        publish(&installation, &deleted(own_id, version), false);
    }
    let lies = settle("both lies are parked", || {
        Some(letters(&installation, "?reason=version_conflict")).filter(|letters| letters.len() == 2)
    });
    assert!(lies.iter().all(|letter| letter["state"] == "failed"), "{lies:?}");
    administrator.patch(&format!("/resources/{own_id}"), &json!({"name": "Still there"})).expect(200);
    installation.settle_events();
    // The foreign room is the one that only availability knows.
    let checks = administrator.get("/admin/checks").expect(200);
    assert_eq!(checks["differences"], json!(["availability knows 3 resources, there are 1"]));
}

fn utc(instant: chrono::DateTime<chrono::Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn created(room: Uuid, version: i64) -> Value {
    let mut envelope = example("resource.created", room, version);
    envelope["data"]["resourceId"] = json!(room);
    envelope["data"]["code"] = json!(room);
    envelope
}

fn deleted(room: Uuid, version: i64) -> Value {
    let mut envelope = example("resource.deleted", room, version);
    envelope["data"]["resourceId"] = json!(room);
    envelope
}

fn example(event_type: &str, aggregate: Uuid, version: i64) -> Value {
    let entry = amqp::catalogue::find(event_type).expect("a row");
    let mut envelope = serde_json::to_value(entry.example_envelope()).expect("JSON");
    envelope["eventId"] = json!(Uuid::now_v7());
    envelope["aggregateId"] = json!(aggregate);
    envelope["version"] = json!(version);
    envelope
}
