//! Somebody writes nonsense over everything that is cached.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Weekday};
use serde_json::{Value, json};

use super::{Cached, count};
use crate::harness::on_each_engine;
use crate::services::campus::{instant, next_week};

/// What is written over a key that was removed.
const POISONS: [(&str, &[&str]); 6] = [
    ("SET", &["rubbish"]),
    ("SET", &["{\"id\":"]),
    ("SET", &["7"]),
    ("SET", &[""]),
    ("RPUSH", &["a", "b"]),
    ("HSET", &["id", "1"]),
];

on_each_engine! {
    nonsense_is_a_miss_and_is_replaced(engine) {
        let Some(cached) = Cached::start(engine, module_path!()) else { return };
        let paths = paths(&cached);
        cached.administrator.post("/admin/cache/forget", &json!({"pattern": "*"})).expect(200);
        let answers = read(&cached, &paths);
        assert_eq!(read(&cached, &paths), answers);
        let keys = values(&cached);
        for family in [
            "resource:", "resources:list:", "categories:all", "availability:rules:", "availability:", "reservations:active:",
            "auth:session:", "auth:permissions:",
        ] {
            assert!(keys.iter().any(|key| key.starts_with(family)), "{family}");
        }
        for (command, words) in POISONS {
            let before = misses(&cached);
            keys.iter().for_each(|key| poison(&cached, key, command, words));
            assert_eq!(read(&cached, &paths), answers, "{command} {words:?}");
            for key in &keys {
                let text = cached.keys.get(key).unwrap_or_else(|| panic!("{key} is gone after {command} {words:?}"));
                let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{key}: {text:?}"));
                assert!(value.is_array() || value.is_object(), "{key}: {text:?}");
            }
            for (family, misses) in misses(&cached) {
                let keys = keys.iter().filter(|key| family_of(key) == family).count() as u64;
                assert!(misses >= before[&family] + keys, "{family}: {command} {words:?} was no miss");
            }
        }
        nonsense_in_an_index(&cached, &paths, &answers);
        cached.check();
    }
}

/// A group whose index is nonsense has no keys any more, and gets an index again.
fn nonsense_in_an_index(cached: &Cached, paths: &[String], answers: &[String]) {
    let indices = cached.keys.matching("index:*");
    assert!(!indices.is_empty());
    for (command, words) in POISONS {
        indices.iter().for_each(|index| poison(cached, index, command, words));
        for _ in 0..2 {
            assert_eq!(read(cached, paths), answers, "{command} {words:?}");
        }
        for index in &indices {
            let index = whole(cached, index);
            let kind = cached.keys.command(&["TYPE", &index]).text();
            assert_eq!(kind.as_deref(), Some("zset"), "{index} after {command} {words:?}");
        }
    }
    // They still do what they are for.
    let room = paths[0].rsplit('/').next().expect("an id");
    cached.set_status(room, "MAINTENANCE");
    let changed = read(cached, paths);
    let stale: Vec<_> = (0..3).filter(|number| changed[*number] == answers[*number]).map(|at| &paths[at]).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

/// One question a kind of key; the first three are answered otherwise when the room has another status.
fn paths(cached: &Cached) -> Vec<String> {
    let room = cached.room("P1");
    cached.administrator.post("/categories", &json!({"name": "Rooms"})).expect(201);
    let from = next_week(Weekday::Mon, 0);
    let (from, to) = (instant(from), instant(from + TimeDelta::days(2)));
    vec![
        format!("/resources/{room}"),
        "/resources?limit=7".to_owned(),
        format!("/resources/{room}/availability?from={from}&to={to}"),
        format!("/resources/{room}/rules"),
        "/reservations/active".to_owned(),
        "/categories".to_owned(),
    ]
}

fn read(cached: &Cached, paths: &[String]) -> Vec<String> {
    let read = |path: &String| {
        let answer = cached.administrator.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    };
    paths.iter().map(read).collect()
}

/// The keys that hold values.
fn values(cached: &Cached) -> Vec<String> {
    let is_value = |key: &String| key != "run" && !key.starts_with("index:");
    cached.keys.matching("*").into_iter().filter(is_value).collect()
}

fn whole(cached: &Cached, key: &str) -> String {
    format!("{}{key}", cached.namespace)
}

fn poison(cached: &Cached, key: &str, command: &str, words: &[&str]) {
    cached.keys.del(key);
    let key = whole(cached, key);
    cached.keys.command(&[&[command, &key], words].concat());
}

fn misses(cached: &Cached) -> BTreeMap<String, u64> {
    let statistics = cached.statistics();
    let families = statistics["families"].as_array().expect("families");
    let name = |one: &Value| one["family"].as_str().expect("a name").to_owned();
    families.iter().map(|one| (name(one), count(&statistics, &name(one), "misses"))).collect()
}

fn family_of(key: &str) -> &str {
    let names = [
        "resources:list",
        "resource",
        "categories:all",
        "availability:rules",
        "availability",
        "reservations:active",
        "auth:session",
        "auth:permissions",
        "auth:roles",
    ];
    names.into_iter().find(|name| key.starts_with(name)).unwrap_or_else(|| panic!("of which kind is {key}?"))
}
