//! Each actor in turn panics under load, and the service goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actors::supervision::{Kind, Node, State};
use serde_json::json;

use super::crowd::next_monday;
use super::dice::Dice;
use super::inside::{Inside, inject_panic};
use super::listing::{all, text};
use crate::harness::{Answer, Client, on_each_engine, settle};

/// How often each actor panics: with the five services no more than their supervisor's intensity allows.
const PANICS: usize = 2;
/// Clients that reserve, read and cancel.
const CLIENTS: u64 = 6;

/// Answers between one panic and the next.
const BETWEEN: usize = 40;

/// Everything that can panic, in the order of the tree: an actor that is new has to be thought of here.
const ACTORS: [&str; 9] = [
    "bookly/cache",
    "bookly/services/auth",
    "bookly/services/resources",
    "bookly/services/availability",
    "bookly/services/reports",
    "bookly/services/imports",
    "bookly/events/bridge",
    "bookly/events/relay",
    "bookly/events/dead-letters",
];

/// What is going on.
#[derive(Default)]
struct Load {
    /// Answers so far.
    answers: AtomicUsize,
    /// Whether it is over.
    done: AtomicBool,
}

impl Load {
    fn goes_on(&self) -> bool {
        self.answers.fetch_add(1, Ordering::Relaxed);
        !self.done.load(Ordering::Relaxed)
    }
}

/// What the clients saw.
#[derive(Default)]
struct Seen {
    /// How often each status was answered.
    statuses: BTreeMap<u16, usize>,
    /// Answers that were failures of the server.
    failed: Vec<String>,
    /// How often readiness was told, by its word.
    readiness: BTreeMap<String, usize>,
}

impl Seen {
    fn enter(&mut self, answer: &Answer) {
        *self.statuses.entry(answer.status).or_default() += 1;
        if answer.status >= 500 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
            assert!(answer.json()["code"].is_string(), "{}", answer.text);
            self.failed.push(answer.text.clone());
        }
    }

    fn merge(&mut self, other: Self) {
        self.failed.extend(other.failed);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        for (word, count) in other.readiness {
            *self.readiness.entry(word).or_default() += count;
        }
    }
}

fn actors(node: &Node) -> Vec<String> {
    let own = (node.kind == Kind::Actor).then(|| node.path.clone());
    own.into_iter().chain(node.children.iter().flat_map(actors)).collect()
}

/// Reserves, reads, cancels and lists until the load is over.
fn use_it(client: &Client, room: &str, number: u64, load: &Load) -> Seen {
    let (mut seen, mut dice) = (Seen::default(), Dice::new(number));
    while load.goes_on() {
        let quarters = |count: usize| chrono::TimeDelta::minutes(i64::try_from(count * 15).expect("minutes"));
        let start = next_monday() + chrono::TimeDelta::hours(6 + 24 * i64::try_from(dice.roll(5)).expect("a day"));
        let start = start + quarters(dice.roll(48));
        let wish = json!({"resourceId": room, "startTime": start, "endTime": start + quarters(2 + dice.roll(4))});
        let answer = client.post("/reservations", &wish);
        seen.enter(&answer);
        if answer.status == 201 {
            let id = text(&answer.json(), "id");
            seen.enter(&client.get(&format!("/reservations/{id}")));
            seen.enter(&client.post(&format!("/reservations/{id}/cancel"), &json!({})));
        }
        for path in
            ["/events?limit=5", "/resources", "/reports/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"]
        {
            seen.enter(&client.get(path));
        }
    }
    seen
}

/// Logs in until the load is over.
fn log_in(inside: &Inside, load: &Load) -> Seen {
    let (client, mut seen) = (inside.anonymous(), Seen::default());
    let (email, password) = inside.credentials();
    while load.goes_on() {
        seen.enter(&client.post("/auth/login", &json!({"email": email, "password": password})));
    }
    seen
}

/// Asks for readiness until the load is over: an answer always comes, and its status fits its words.
fn probe(inside: &Inside, load: &Load) -> Seen {
    let (client, mut seen) = (inside.anonymous(), Seen::default());
    while load.goes_on() {
        let answer = client.get("/health/ready");
        let body = answer.json();
        let word = text(&body, "status");
        let fits = if word == "unready" { 503 } else { 200 };
        assert_eq!(answer.status, fits, "{body}");
        let parts = body["parts"].as_object().expect("parts").values();
        assert!(parts.into_iter().any(|part| part["status"] == word.as_str()), "{body}");
        *seen.readiness.entry(word).or_default() += 1;
    }
    seen
}

/// Makes the actor at `path` panic, and waits until it runs again.
fn panic_once(inside: &Inside, path: &str) {
    let node = || inside.running.tree().find(path).cloned().expect("a node");
    settle("it runs", || (node().state == State::Running).then_some(()));
    let before = node().restart_count;
    inject_panic(&inside.running, path);
    settle("it runs again", || {
        let now = node();
        (now.restart_count > before && now.state == State::Running).then_some(())
    });
}

fn everything_runs(administrator: &Client, paths: &[String]) {
    let tree = administrator.get("/admin/actors").expect(200);
    let mut open = vec![&tree];
    let mut found = BTreeMap::new();
    while let Some(node) = open.pop() {
        assert_eq!(node["state"], "running", "{node}");
        found.insert(text(node, "path"), node);
        open.extend(node["children"].as_array().expect("children"));
    }
    for path in paths {
        let node = found[path];
        assert!(node["restart_count"].as_u64() >= u64::try_from(PANICS).ok(), "{node}");
        assert!(node["restarts"][0]["reason"].as_str().is_some_and(|reason| reason.contains("panic")), "{node}");
    }
}

fn check(administrator: &Client) {
    let checks = settle("every event is delivered", || {
        let checks = administrator.get("/admin/checks").expect(200);
        (checks["undelivered"] == 0).then_some(checks)
    });
    assert_eq!(checks["differences"], json!([]), "{checks}");
    assert!(checks["compared"]["reservations"].as_u64() > Some(5), "{checks}");
    let created = all(administrator, "/events?type=reservation.created").len();
    assert_eq!(checks["compared"]["reservations"].as_u64(), u64::try_from(created).ok());
}

on_each_engine! {
    each_actor_panics_under_load(engine) {
        let inside = Inside::start(engine);
        let administrator = inside.administrator();
        let room = json!({"code": "P1", "name": "Room", "type": "LABORATORY", "capacity": 10});
        let room = text(&administrator.post("/resources", &room).expect(201), "id");
        check_room(&administrator, &room);
        let paths = actors(&inside.running.tree());
        assert_eq!(paths, ACTORS);

        let load = Load::default();
        let mut seen = Seen::default();
        std::thread::scope(|scope| {
            let (inside, administrator, room, load) = (&inside, &administrator, &room, &load);
            let mut threads = vec![scope.spawn(|| log_in(inside, load)), scope.spawn(|| probe(inside, load))];
            for number in 0..CLIENTS {
                threads.push(scope.spawn(move || use_it(administrator, room, number, load)));
            }
            for path in paths.iter().cycle().take(paths.len() * PANICS) {
                panic_once(inside, path);
                let enough = load.answers.load(Ordering::Relaxed) + BETWEEN;
                settle("the service goes on", || (load.answers.load(Ordering::Relaxed) >= enough).then_some(()));
            }
            load.done.store(true, Ordering::Relaxed);
            threads.into_iter().for_each(|thread| seen.merge(thread.join().expect("a client does not panic")));
        });
        let panics = paths.len() * PANICS;
        println!("{panics} panics: {:?}, readiness {:?}", seen.statuses, seen.readiness);
        assert!(seen.failed.len() <= panics, "{:?}", seen.failed);
        assert!(seen.readiness.contains_key("ready") && seen.readiness.contains_key("unready"), "{:?}", seen.readiness);
        everything_runs(&administrator, &paths);
        check(&administrator);
        administrator.get("/health/ready").expect(200);
    }
}

fn check_room(administrator: &Client, room: &str) {
    settle("availability knows the room", || {
        let free = format!("/resources/{room}/availability?from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z");
        (administrator.get(&free).status == 200).then_some(())
    });
}
