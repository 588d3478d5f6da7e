//! Letters that are not retried: what they stood for was done otherwise, or is given up.

use serde_json::{Value, json};

use super::super::campus::{faults, named};
use super::{PATH, Scene, operations};
use crate::harness::{Answer, on_each_engine};

on_each_engine! {
    what_waits_behind_a_letter_goes_on_when_it_is_put_away(engine) {
        let scene = Scene::set(engine);
        let resolve = |letter: &str, body: Value| decide(&scene, letter, "resolve", &body);
        let discard = |letter: &str, body: Value| decide(&scene, letter, "discard", &body);
        let (room, resolved, follower) = with_follower(&scene, "A");
        assert_eq!(faults(resolve(&resolved, json!({"reason": " "})), 422, "rules.broken"), named(&[("reason", "field.length")]));
        resolve(&resolved, json!({})).refused(400, "body.malformed");
        resolve(&resolved, json!({"reason": "Entered by hand"})).expect(200);
        put_away(&scene, &resolved, "resolved: Entered by hand", "resolve");
        goes_on(&scene, &room, &follower);

        let (room, discarded, follower) = with_follower(&scene, "B");
        let long = json!({"reason": "x".repeat(501)});
        assert_eq!(faults(discard(&discarded, long), 422, "rules.broken"), named(&[("reason", "field.length")]));
        discard(&discarded, json!({})).expect(200);
        put_away(&scene, &discarded, "discarded", "discard");
        goes_on(&scene, &room, &follower);

        let (_, why, _) = with_follower(&scene, "C");
        discard(&why, json!({"reason": "A rehearsal"})).expect(200);
        put_away(&scene, &why, "discarded: A rehearsal", "discard");
        for letter in [&resolved, &discarded] {
            resolve(letter, json!({"reason": "Again"})).refused(409, "dead_letter.state");
            discard(letter, json!({})).refused(409, "dead_letter.state");
        }
        scene.check();
    }
}

fn decide(scene: &Scene, letter: &str, what: &str, body: &Value) -> Answer {
    scene.administrator.post(&format!("{PATH}/{letter}/{what}"), body)
}

/// A reservation whose second event failed and whose third waits: the room and the letters of both.
fn with_follower(scene: &Scene, code: &str) -> (String, String, String) {
    let (room, reservation) = scene.refused(code, 2);
    scene.edit(&reservation, 1);
    let head = scene.failed(&reservation);
    scene.edit(&reservation, 1);
    let waiting = scene.wait_for_letters(&format!("reason=waiting&aggregateId={reservation}"), 1);
    (room, head, super::id(&waiting[0]))
}

fn put_away(scene: &Scene, letter: &str, resolution: &str, operation: &str) {
    let shown = scene.show(letter);
    assert_eq!((&shown["state"], &shown["resolution"]), (&json!("resolved"), &json!(resolution)));
    assert_eq!(operations(&shown), [operation]);
    assert_eq!(shown["operations"][0]["actor"], scene.administrator.user_id());
    let reason = resolution.split_once(": ").map(|(_, reason)| reason);
    assert_eq!(shown["operations"][0]["reason"].as_str(), reason);
}

/// The database still refuses the version before: only the one that waited had its effect.
fn goes_on(scene: &Scene, room: &str, follower: &str) {
    assert_eq!(scene.becomes(follower, "resolved")["resolution"], "replayed");
    assert_eq!(scene.refusals.seen(room), [1, 3]);
}
