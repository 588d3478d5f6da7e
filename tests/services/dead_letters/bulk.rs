//! Many letters at once, one of them first.

use serde_json::{Value, json};

use super::super::campus::{faults, id, items, named, text};
use super::{ATTEMPTS, PATH, Scene, operations};
use crate::harness::{on_each_engine, settle};

const LETTERS: usize = 4;

on_each_engine! {
    the_first_one_tells_whether_the_others_follow(engine) {
        let scene = Scene::set(engine);
        for code in ["A", "B", "C", "D"] {
            scene.refused(code, 1);
        }
        let letters = scene.wait_for_letters("state=failed", LETTERS);
        let groups = items(&scene.administrator.get(&format!("{PATH}/groups")).expect(200));
        assert_eq!((groups.len(), &groups[0]["count"]), (1, &json!(LETTERS)), "they failed alike: {groups:?}");
        let filter = json!({"fingerprint": groups[0]["fingerprint"]});
        wrong_ones_are_refused(&scene);

        let stopped = ended(&scene, &filter);
        assert_eq!(numbers(&stopped), ("stopped", [4, 1, 0, 1]), "{stopped}");
        assert!(text(&stopped["detail"]).contains("on purpose"), "{stopped}");
        let canary = text(&stopped["canaryId"]);
        for letter in &letters {
            let shown = scene.show(&id(letter));
            let tried = id(letter) == canary;
            assert_eq!(shown["failures"], ATTEMPTS + u64::from(tried), "the others are let be: {shown}");
            assert_eq!(operations(&shown).len(), usize::from(tried));
        }

        scene.refusals.end();
        let done = ended(&scene, &filter);
        assert_eq!(numbers(&done), ("done", [4, 4, 4, 0]), "{done}");
        for letter in &letters {
            let shown = scene.show(&id(letter));
            let last = shown["operations"].as_array().and_then(|all| all.last()).expect("an operation").clone();
            assert_eq!((&shown["resolution"], &last["bulkId"]), (&json!("replayed"), &done["id"]));
            assert_eq!(last["actor"], scene.administrator.user_id());
        }
        let nothing = ended(&scene, &json!({}));
        assert_eq!(numbers(&nothing), ("done", [0, 0, 0, 0]), "{nothing}");
        scene.check();
    }
}

fn wrong_ones_are_refused(scene: &Scene) {
    let path = format!("{PATH}/retry");
    for (body, fault) in [
        (json!({"filter": {}, "perSecond": 0}), ("perSecond", "field.range")),
        (json!({"filter": {}, "perSecond": 1_001}), ("perSecond", "field.range")),
        (json!({"filter": {"state": "pending"}}), ("filter.state", "field.state")),
        (json!({"filter": {"consumer": ""}}), ("filter.consumer", "field.length")),
    ] {
        let answer = scene.administrator.post(&path, &body);
        assert_eq!(faults(answer, 422, "rules.broken"), named(&[fault]), "{body}");
    }
    scene.administrator.post(&path, &json!({})).refused(400, "body.malformed");
}

/// Retries all that match; the retry when it has ended.
fn ended(scene: &Scene, filter: &Value) -> Value {
    let body = json!({"filter": filter, "perSecond": 100});
    let answer = scene.administrator.post(&format!("{PATH}/retry"), &body);
    let place = answer.header("location").expect("where it can be looked at").to_owned();
    let begun = answer.expect(202);
    assert_eq!(begun["state"], "canary");
    let path = format!("{PATH}/retries/{}", id(&begun));
    assert!(place.ends_with(&path), "{place}");
    settle("it has ended", || {
        let bulk = scene.administrator.get(&path).expect(200);
        ["done", "stopped"].contains(&text(&bulk["state"]).as_str()).then_some(bulk)
    })
}

/// How it ended, and how many matched, were retried, were resolved, and failed again.
fn numbers(bulk: &Value) -> (&str, [u64; 4]) {
    let number = |name: &str| bulk[name].as_u64().expect("a number");
    (bulk["state"].as_str().expect("a state"), ["matched", "retried", "resolved", "failedAgain"].map(number))
}
