//! RF-05: which changes of a resource drop its cached rules, and which keep them, with a look into Redis.

use serde_json::Value;

use super::Cached;
use crate::harness::on_each_engine;
use crate::services::campus::text;

/// Previous status, new status, whether the rules are dropped.
const MATRIX: [(&str, &str, bool); 5] = [
    ("AVAILABLE", "MAINTENANCE", true),
    ("AVAILABLE", "UNAVAILABLE", true),
    ("AVAILABLE", "RESERVED", false),
    ("MAINTENANCE", "AVAILABLE", false),
    ("UNAVAILABLE", "AVAILABLE", false),
];

on_each_engine! {
    every_row_holds(engine) {
        let Some(cached) = Cached::start(engine, module_path!()) else { return };
        let other = cached.room("OTHER");
        let kept = fill(&cached, &other);
        for (number, (previous, new, drops)) in MATRIX.into_iter().enumerate() {
            let room = in_status(&cached, &format!("M{number}"), previous);
            let before = fill(&cached, &room);
            cached.set_status(&room, new);
            let expected = (!drops).then_some(before);
            assert_eq!(cached.keys.get(&key(&room)), expected, "{previous} -> {new}");
            is_logged(&cached, &room, drops, &[previous, new, "Test"]);
        }
        for (number, previous) in ["AVAILABLE", "RESERVED", "MAINTENANCE", "UNAVAILABLE"].into_iter().enumerate() {
            let room = in_status(&cached, &format!("D{number}"), previous);
            fill(&cached, &room);
            delete(&cached, &room);
            is_logged(&cached, &room, true, &[previous, "deleted", "Sold"]);
        }
        assert_eq!(cached.keys.get(&key(&other)), Some(kept), "what happens to one is nothing to another");
        cached.check();
    }

    the_three_scenarios(engine) {
        let Some(cached) = Cached::start(engine, module_path!()) else { return };
        let room = cached.room("S1");
        let path = format!("/resources/{room}/rules");
        let before = fill(&cached, &room);

        cached.set_status(&room, "MAINTENANCE");
        assert!(!cached.keys.exists(&key(&room)), "maintenance drops");
        assert_eq!(fill(&cached, &room), before, "they are what they were");

        cached.set_status(&room, "AVAILABLE");
        assert_eq!(cached.keys.get(&key(&room)), Some(before), "opening keeps");
        let (hits, misses) = counts(&cached);
        cached.administrator.get(&path).expect(200);
        assert_eq!(counts(&cached), (hits + 1, misses), "who asks next has them from the cache");

        delete(&cached, &room);
        cached.administrator.get(&path).refused(404, "not_found");
        assert!(!cached.keys.exists(&key(&room)), "nor do they come back");
        cached.check();
    }
}

fn key(room: &str) -> String {
    format!("availability:rules:{room}")
}

fn counts(cached: &Cached) -> (u64, u64) {
    let count = |counter| cached.count("availability:rules", counter);
    (count("hits"), count("misses"))
}

fn in_status(cached: &Cached, code: &str, status: &str) -> String {
    let room = cached.room(code);
    if status != "AVAILABLE" {
        cached.set_status(&room, status);
    }
    room
}

/// Has the rules of a room read; what then stands in Redis.
fn fill(cached: &Cached, room: &str) -> String {
    let rules = cached.administrator.get(&format!("/resources/{room}/rules")).expect(200);
    assert_eq!(rules["inForce"], true);
    let stored = cached.keys.get(&key(room)).expect("they are in Redis");
    let stored_rules: Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!(stored_rules["openingHours"], rules["openingHours"], "{stored}");
    stored
}

fn delete(cached: &Cached, room: &str) {
    cached.administrator.delete(&format!("/resources/{room}?reason=Sold")).expect(204);
    cached.settled();
    assert!(!cached.keys.exists(&key(room)), "a deletion drops");
}

/// The reaction to what happened last to the room is logged once, with its decision and the reason.
fn is_logged(cached: &Cached, room: &str, dropped: bool, words: &[&str]) {
    let mark = format!(": resource {room}: rules cache ");
    let log = cached.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&mark)).collect();
    let events = cached.events_of(room, lines.len() + 1);
    assert_eq!(lines.len() + 1, events.len(), "one line for each but the creation: {lines:?}");
    let (line, event) = (lines[lines.len() - 1], &events[events.len() - 1]);
    assert!(line.contains(&format!("event {}{mark}", text(&event["eventId"]))), "{line}");
    assert!(line.contains(if dropped { " dropped: " } else { " kept: " }), "{line}");
    assert!(words.iter().all(|word| line.contains(word)), "{line}");
}
