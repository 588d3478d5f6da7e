//! What operators do to one letter.

use super::*;
use crate::dead_letters::model::Refused;
use crate::event_store::inbox;

async fn a_repeat_has_no_effect(scene: &Scene, parcel: &Parcel) -> bool {
    let (consumer, event_id) = (parcel.consumer.clone(), parcel.event.as_ref().expect("an event").event_id);
    let claimed = scene.database.write(move |transaction| inbox::claim(transaction, &consumer, event_id, noon())).await;
    !claimed.expect("an answer")
}

async fn a_retry_makes_it_due_once(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(parcel(1, 1)).await;
    let retried = scene.run(RetryDeadLetter { id, data: None }).await.expect("retried");
    assert_eq!((retried.state, retried.due_at), (State::Pending, Some(noon())));
    assert_eq!(scene.claim(9).await, [id]);
    let refused = scene.run(RetryDeadLetter { id, data: None }).await.expect_err("it is being tried");
    assert!(matches!(refused, Error::State(Refused::Retrying)), "{refused}");
    let operations = scene.letter(id).await.operations;
    assert_eq!(operations.len(), 1);
    assert_eq!((operations[0].operation.as_str(), operations[0].actor), ("retry", Some(OPERATOR)));
}

async fn an_edited_payload_is_checked_and_takes_the_place_of_the_first(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let parked = parcel(1, 1);
    let id = scene.park(parked.clone()).await;
    let wrong = scene.run(RetryDeadLetter { id, data: Some(json!({"categoryId": aggregate(1)})) }).await;
    let Err(Error::Invalid(violations)) = wrong else { panic!("{wrong:?}") };
    assert!(violations[0].message.contains("name"), "{violations:?}");
    let untouched = scene.letter(id).await.letter;
    assert_eq!((untouched.edited, untouched.state), (false, State::Failed));
    let data = json!({"categoryId": aggregate(1), "name": "Studios", "createdBy": Uuid::nil()});
    let edited = scene.run(RetryDeadLetter { id, data: Some(data.clone()) }).await.expect("retried");
    assert!(edited.edited && edited.state == State::Pending);
    let now = scene.clock.now();
    let claimed =
        scene.database.write(move |transaction| claim::claim_due(transaction, now, 9)).await.expect("claimed");
    let tried = Envelope::parse(&claimed[0].envelope).expect("an envelope");
    assert_eq!((tried.data, tried.event_id), (data.clone(), parked.event.as_ref().expect("an event").event_id));
    let file = scene.letter(id).await;
    assert_eq!(file.message.content.as_bytes(), parked.bytes, "what it came with stays to be seen");
    assert!(file.edited_message.expect("edited").content.contains("Studios"));
    assert_eq!(file.operations[0].detail, Some(json!({ "data": data })));
}

async fn what_is_no_envelope_cannot_be_edited(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let garbage = Parcel { event: None, bytes: b"{".to_vec(), reason: Reason::Malformed, ..parcel(1, 1) };
    let id = scene.park(garbage).await;
    let refused = scene.run(RetryDeadLetter { id, data: Some(json!({})) }).await.expect_err("no envelope");
    assert!(refused.to_string().contains("discard"), "{refused}");
    let unknown = Envelope { event_type: "room.painted".to_owned(), ..envelope(2, 1) };
    let unknown = Parcel {
        event: Some(EventRef::of(&unknown)),
        bytes: unknown.to_bytes().expect("bytes"),
        reason: Reason::UnknownType,
        ..parcel(2, 1)
    };
    let id = scene.park(unknown).await;
    let refused = scene.run(RetryDeadLetter { id, data: Some(json!({})) }).await.expect_err("unknown");
    assert!(matches!(refused, Error::NotEditable(_)), "{refused}");
}

async fn the_first_of_an_aggregate_comes_first(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let first = scene.park(parcel(1, 1)).await;
    let second = scene.park(parcel(1, 2)).await;
    let refused = scene.run(RetryDeadLetter { id: second, data: None }).await.expect_err("not its turn");
    assert!(matches!(refused, Error::Behind { first: named } if named == first), "{refused}");
    assert!(refused.to_string().contains(&first.to_string()));
    let reason = Some("obsolete".to_owned());
    scene.run(DiscardDeadLetter { id: second, reason }).await.expect("whoever is given up need not wait");
}

async fn resolved_and_discarded_events_have_no_effect_any_more(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let (resolved, discarded) = (parcel(1, 1), parcel(2, 1));
    let id = scene.park(resolved.clone()).await;
    let letter = scene.run(ResolveDeadLetter { id, reason: "entered by hand".to_owned() }).await.expect("resolved");
    assert_eq!((letter.state, letter.resolution.as_deref()), (State::Resolved, Some("resolved: entered by hand")));
    assert!(a_repeat_has_no_effect(&scene, &resolved).await);
    let id = scene.park(discarded.clone()).await;
    let letter = scene.run(DiscardDeadLetter { id, reason: None }).await.expect("discarded");
    assert_eq!((letter.state, letter.resolution.as_deref()), (State::Resolved, Some("discarded")));
    assert!(a_repeat_has_no_effect(&scene, &discarded).await);
    assert!(!a_repeat_has_no_effect(&scene, &parcel(3, 1)).await);
    assert!(!scene.blocked(1).await && !scene.blocked(2).await);
    let operations = scene.letter(id).await.operations;
    assert_eq!(operations.iter().map(|one| one.operation.as_str()).collect::<Vec<_>>(), ["discard"]);
}

async fn what_is_resolved_stays_so(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(parcel(1, 1)).await;
    scene.handled(id).await;
    let before = scene.letter(id).await;
    let refusals = [
        scene.run(RetryDeadLetter { id, data: None }).await.expect_err("refused"),
        scene.run(ResolveDeadLetter { id, reason: "x".to_owned() }).await.expect_err("refused"),
        scene.run(DiscardDeadLetter { id, reason: None }).await.expect_err("refused"),
    ];
    assert!(refusals.iter().all(|refused| matches!(refused, Error::State(Refused::Resolved))), "{refusals:?}");
    assert_eq!(scene.letter(id).await, before);
}

async fn bad_requests_are_refused(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(parcel(1, 1)).await;
    for reason in [String::new(), " ".to_owned(), "x".repeat(501), "a\0b".to_owned()] {
        let refused = scene.run(ResolveDeadLetter { id, reason }).await.expect_err("a bad reason");
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }
    let nobody = RetryDeadLetter { id: aggregate(7), data: None };
    assert!(matches!(scene.run(nobody).await, Err(Error::NotFound)));
    assert_eq!(scene.letter(id).await.operations, []);
}

on_each_engine!(
    a_retry_makes_it_due_once,
    an_edited_payload_is_checked_and_takes_the_place_of_the_first,
    what_is_no_envelope_cannot_be_edited,
    the_first_of_an_aggregate_comes_first,
    resolved_and_discarded_events_have_no_effect_any_more,
    what_is_resolved_stays_so,
    bad_requests_are_refused,
);
