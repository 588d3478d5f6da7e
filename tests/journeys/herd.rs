//! The herd: everybody wants the same rooms at the same time.

use std::time::Duration;

use super::crowd::Crowd;
use crate::harness::{Engine, Installation, on_each_engine};

const ATTEMPTS: usize = 10_000;
/// Longer than any answer may take in a test build on a busy machine: what is waited for longer hangs.
const HANGS: Duration = Duration::from_secs(20);

fn fight_for(rooms: usize, engine: Engine) {
    let what = format!("herd on {rooms} resources, {}", if engine.url().is_some() { "PostgreSQL" } else { "SQLite" });
    let installation = Installation::start(engine);
    let crowd = Crowd::gather(&installation, rooms);
    let mut book = crowd.fight(&installation, 1, ATTEMPTS);
    book.tell(&what);
    assert_eq!(book.statuses.values().sum::<usize>(), ATTEMPTS);
    assert!(book.statuses.keys().all(|status| [201, 409, 503].contains(status)), "{:?}", book.statuses);
    assert!(!book.cancelled.is_empty());
    assert!(book.worst() < HANGS);
    assert_eq!(book.compare(&installation.administrator()), book.granted.len());
    installation.check();
}

on_each_engine! {
    one_resource(engine) {
        fight_for(1, engine);
    }

    twenty_resources(engine) {
        fight_for(20, engine);
    }
}
