//! Events that the relay set aside: the relay itself tries them again.

use amqp::events::CategoryCreated;

use super::*;
use crate::event_store::{aggregate_events, append_one, events_of, outbox};

aggregate_events! {
    enum Happened {
        Created(CategoryCreated),
    }
}

/// Appends an event, and parks it as the relay does.
async fn set_aside(scene: &Scene) -> (Uuid, Parcel) {
    let event = envelope(1, 1).data_as::<CategoryCreated>().expect("a payload");
    let origin = Origin::new(&scene.clock, None);
    let append =
        move |transaction: &mut database::Transaction<'_>| append_one(transaction, &origin, 1, Happened::from(event));
    scene.database.write(append).await.expect("appended");
    let stored = scene.database.read(|connection| events_of(connection, aggregate(1))).await.expect("an event");
    let event = Some(EventRef::of(&stored[0]));
    let parcel = Parcel { consumer: RELAY.to_owned(), reason: Reason::Unpublishable, event, ..parcel(1, 1) };
    (scene.park(parcel.clone()).await, parcel)
}

async fn waiting(scene: &Scene) -> i64 {
    scene.database.read(outbox::backlog).await.expect("a backlog").waiting
}

async fn a_retry_is_the_relays_and_its_outcome_comes_back(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let (id, parcel) = set_aside(&scene).await;
    scene.run(RetryDeadLetter { id, data: None }).await.expect("retried");
    assert_eq!(scene.claim(9).await, NONE, "the actor leaves it to the relay");
    assert_eq!(scene.next_due().await, None);
    scene.clock.advance(TimeDelta::seconds(1));
    let again = Parcel { error: "still too large".to_owned(), failures: 1, ..parcel.clone() };
    assert_eq!(scene.park(again).await, id);
    let file = scene.letter(id).await;
    assert_eq!((file.letter.state, file.letter.failures), (State::Failed, 4));
    assert_eq!(file.letter.error, "still too large");
    assert_eq!(file.attempts.last().map(|attempt| attempt.by), Some(By::Operator));
    scene.run(RetryDeadLetter { id, data: None }).await.expect("retried");
    let event_id = parcel.event.expect("an event").event_id;
    let handled =
        move |transaction: &mut database::Transaction<'_>| handled_event(transaction, RELAY, event_id, noon());
    assert!(scene.database.write(handled).await.expect("handled"));
    assert_eq!(scene.state(id).await, State::Resolved);
}

async fn what_is_given_up_leaves_the_outbox(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let (id, _) = set_aside(&scene).await;
    assert_eq!(waiting(&scene).await, 1);
    let edit = RetryDeadLetter { id, data: Some(json!({})) };
    assert!(matches!(scene.run(edit).await, Err(Error::NotEditable(_))));
    scene.run(DiscardDeadLetter { id, reason: None }).await.expect("discarded");
    assert_eq!(waiting(&scene).await, 0);
}

on_each_engine!(a_retry_is_the_relays_and_its_outcome_comes_back, what_is_given_up_leaves_the_outbox);
