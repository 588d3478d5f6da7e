//! What operators see of a letter that failed and of those that wait behind it, until it is retried.

use serde_json::{Value, json};

use super::super::campus::{id, items, text, walk};
use super::{ATTEMPTS, PATH, Scene, operations};
use crate::harness::{on_each_engine, settle};

on_each_engine! {
    what_failed_is_shown_and_goes_on_in_order_once_mended(engine) {
        let scene = Scene::set(engine);
        let (room, reservation) = scene.refused("A", 1);
        let head = scene.failed(&reservation);
        scene.edit(&reservation, 2);
        let followers = scene.wait_for_letters(&format!("reason=waiting&aggregateId={reservation}"), 2);
        listed(&scene, &head, &reservation);
        counted(&scene);
        shown(&scene, &head, &reservation);
        readiness(&scene, "degraded");
        for follower in &followers {
            assert_eq!((&follower["state"], &follower["failures"]), (&json!("pending"), &json!(0)), "{follower}");
            behind(&scene, &id(follower), &head);
        }
        scene.refusals.end();
        released(&scene, &head, &followers);
        assert_eq!(scene.refusals.seen(&room), [1, 2, 3]);
        readiness(&scene, "ready");
        scene.check();
    }

    only_who_may_operate_sees_them(engine) {
        let scene = Scene::set(engine);
        let teacher = scene.member("TEACHER");
        let one = format!("{PATH}/{}", uuid::Uuid::now_v7());
        let bulk = format!("{PATH}/retries/{}", uuid::Uuid::now_v7());
        for path in [PATH, &format!("{PATH}/stats"), &format!("{PATH}/groups"), &one, &bulk] {
            teacher.get(path).refused(403, "auth.forbidden");
            scene.anonymous().get(path).refused(401, "auth.unauthenticated");
        }
        let reason = json!({"reason": "Test"});
        let operations = [
            (format!("{PATH}/retry"), json!({"filter": {}})),
            (format!("{one}/retry"), json!({})),
            (format!("{one}/resolve"), reason.clone()),
            (format!("{one}/discard"), reason),
        ];
        for (path, body) in operations {
            teacher.post(&path, &body).refused(403, "auth.forbidden");
            scene.anonymous().post(&path, &body).refused(401, "auth.unauthenticated");
            let answer = scene.administrator.post(&path, &body);
            assert_eq!(answer.status, if path.starts_with(&one) { 404 } else { 202 }, "{path}: {}", answer.text);
        }
        scene.administrator.get(&one).refused(404, "not_found");
        scene.administrator.get(&bulk).refused(404, "not_found");
    }
}

fn listed(scene: &Scene, head: &str, reservation: &str) {
    let all = walk(&scene.administrator, &format!("{PATH}?limit=1"), 3);
    assert_eq!(id(&all[2]), head, "those parked last come first");
    let fingerprint = text(&all[2]["fingerprint"]);
    for query in [
        "state=failed",
        "reason=failed&consumer=reports",
        "eventType=reservation.created",
        &format!("fingerprint={fingerprint}"),
    ] {
        let found = scene.letters(query);
        assert_eq!((found.len(), id(&found[0]).as_str()), (1, head), "{query}");
    }
    assert_eq!(scene.letters(&format!("aggregateId={reservation}")).len(), 3);
    for query in ["consumer=availability", "state=resolved", "eventType=resource.created", "reason=poison"] {
        assert_eq!(scene.letters(query), Vec::<Value>::new(), "{query}");
    }
    scene.administrator.get(&format!("{PATH}?state=lost")).refused(400, "query.invalid");
}

fn counted(scene: &Scene) {
    let counts = scene.counts();
    assert_eq!((&counts["total"], &counts["unresolved"]), (&json!(3), &json!(3)), "{counts}");
    assert_eq!((&counts["byState"]["failed"], &counts["byState"]["pending"]), (&json!(1), &json!(2)), "{counts}");
    assert_eq!(counts["byConsumer"], json!({"reports": 3}));
    assert_eq!(counts["byEventType"], json!({"reservation.created": 1, "reservation.updated": 2}));
    assert_eq!(counts["byReason"], json!({"failed": 1, "waiting": 2}));
    assert!(counts["oldestUnresolvedAt"].is_string());
    let groups = items(&scene.administrator.get(&format!("{PATH}/groups")).expect(200));
    assert_eq!(groups.len(), 2, "{groups:?}");
    let waiting = &groups[0];
    assert_eq!((&waiting["count"], &waiting["reason"]), (&json!(2), &json!("waiting")), "the largest comes first");
    let failed = &groups[1];
    assert_eq!((&failed["consumer"], &failed["states"]["failed"]), (&json!("reports"), &json!(1)), "{failed}");
    assert!(text(&failed["sampleError"]).contains("on purpose"), "{failed}");
}

fn shown(scene: &Scene, head: &str, reservation: &str) {
    let shown = scene.show(head);
    assert_eq!(shown["failures"], ATTEMPTS, "{shown}");
    let attempts = shown["attempts"].as_array().expect("attempts");
    let by: Vec<_> = attempts.iter().map(|attempt| text(&attempt["by"])).collect();
    assert_eq!(by, ["delivery", "delivery", "delivery", "policy"]);
    assert!(attempts.iter().all(|attempt| text(&attempt["error"]).contains("on purpose")), "{attempts:?}");
    let message = &shown["message"];
    assert_eq!((&message["encoding"], message["bytes"].as_u64()), (&json!("text"), Some(length(message))));
    let envelope: Value = serde_json::from_str(&text(&message["content"])).expect("the envelope");
    assert_eq!((&envelope["eventId"], &envelope["aggregateId"]), (&shown["eventId"], &json!(reservation)));
    assert_eq!((&shown["version"], &shown["behind"], &shown["editedMessage"]), (&json!(1), &Value::Null, &Value::Null));
    assert_eq!((operations(&shown), &shown["edited"]), (vec![], &json!(false)));
}

fn length(message: &Value) -> u64 {
    text(&message["content"]).len().try_into().expect("a length")
}

fn behind(scene: &Scene, follower: &str, head: &str) {
    assert_eq!(scene.show(follower)["behind"], head);
    let refusal = scene.administrator.post(&format!("{PATH}/{follower}/retry"), &json!({}));
    let refusal = refusal.refused(409, "dead_letter.behind");
    assert_eq!(refusal["first"], head, "it says which one comes first");
}

fn released(scene: &Scene, head: &str, followers: &[Value]) {
    scene.administrator.post(&format!("{PATH}/{head}/retry"), &json!({})).expect(200);
    let shown = scene.becomes(head, "resolved");
    assert_eq!((&shown["resolution"], operations(&shown)), (&json!("replayed"), vec!["retry"]));
    assert_eq!(shown["operations"][0]["actor"], scene.administrator.user_id());
    for follower in followers {
        let shown = scene.becomes(&id(follower), "resolved");
        assert_eq!(
            (&shown["resolution"], operations(&shown)),
            (&json!("replayed"), vec![]),
            "nobody had to ask for it"
        );
    }
    scene.administrator.post(&format!("{PATH}/{head}/retry"), &json!({})).refused(409, "dead_letter.state");
    let counts = scene.counts();
    assert_eq!((&counts["total"], &counts["unresolved"]), (&json!(3), &json!(0)), "{counts}");
}

/// A letter that waits for an operator degrades the bus, and makes nobody unready.
fn readiness(scene: &Scene, status: &str) {
    settle(&format!("the bus is {status}"), || {
        let ready = scene.anonymous().get("/health/ready").expect(200);
        (ready["parts"]["bus"]["status"] == status).then_some(())
    });
}
