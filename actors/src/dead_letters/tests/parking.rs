//! What is parked, and who waits behind it.

use super::*;

async fn a_parked_message_is_kept_as_it_came(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let parcel = parcel(1, 7);
    let id = scene.park(parcel.clone()).await;
    let file = scene.letter(id).await;
    assert_eq!(file.message.content.as_bytes(), parcel.bytes);
    assert_eq!((file.letter.state, file.letter.reason, file.letter.failures), (State::Failed, Reason::Failed, 3));
    assert_eq!((file.letter.version, file.letter.event_type.as_deref()), (Some(7), Some("category.created")));
    assert_eq!((file.letter.parked_at, file.letter.due_at), (noon(), None));
    assert_eq!(file.attempts, parcel.attempts);
}

async fn what_cannot_be_read_is_kept_too(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let garbage = Parcel {
        event: None,
        label: Some("resource.\0created".to_owned()),
        bytes: vec![0, 0xff, 0x0a],
        reason: Reason::Malformed,
        error: "not JSON at byte \0 1".to_owned(),
        attempts: Vec::new(),
        failures: 1,
        ..parcel(1, 1)
    };
    let (first, second) = (scene.park(garbage.clone()).await, scene.park(garbage).await);
    assert_ne!(first, second, "nothing says that two unreadable messages are one");
    let file = scene.letter(first).await;
    assert_eq!((file.message.encoding, file.message.content.as_str()), (Encoding::Base64, "AP8K"));
    assert_eq!(file.letter.event_type.as_deref(), Some("resource.created"));
    assert!(!scene.blocked(1).await);
}

async fn an_event_is_one_letter_a_consumer(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let first = scene.park(parcel(1, 1)).await;
    assert_eq!(scene.park(Parcel { error: "again".to_owned(), ..parcel(1, 1) }).await, first);
    assert_eq!(scene.letter(first).await.letter.error, "no room for event 1");
    let elsewhere = scene.park(Parcel { consumer: "availability".to_owned(), ..parcel(1, 1) }).await;
    assert_ne!(elsewhere, first);
    scene.handled(first).await;
    assert_ne!(scene.park(parcel(1, 1)).await, first, "a resolved one stays resolved");
    let count =
        |consumer: Option<&'static str>| scene.database.read(move |connection| unresolved_count(connection, consumer));
    assert_eq!((count(None).await.expect("a count"), count(Some("reports")).await.expect("a count")), (2, 1));
}

async fn only_a_part_of_the_history_holds_up_its_aggregate(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    for (number, reason) in [(1, Reason::VersionConflict), (2, Reason::UnknownType), (3, Reason::Malformed)] {
        scene.park(Parcel { reason, ..parcel(number, 1) }).await;
        assert!(!scene.blocked(number).await, "{reason}");
    }
    for (number, reason) in [(4, Reason::Failed), (5, Reason::Waiting), (6, Reason::Poison), (7, Reason::SetAside)] {
        let id = scene.park(Parcel { reason, ..parcel(number, 1) }).await;
        assert!(scene.blocked(number).await, "{reason}");
        scene.handled(id).await;
        assert!(!scene.blocked(number).await, "{reason}");
    }
    scene.park(Parcel { consumer: "availability".to_owned(), ..parcel(8, 1) }).await;
    assert!(!scene.blocked(8).await, "another consumer's letters are no obstacle");
}

async fn a_parked_event_goes_with_its_transaction(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let undone: Result<(), database::Error> = scene
        .database
        .write(|transaction| {
            park(transaction, &parcel(1, 1), &Ids, noon())?;
            Err(database::Error::NotFound)
        })
        .await;
    assert!(undone.is_err());
    assert!(!scene.blocked(1).await);
}

/// Both see no row and insert one; the second waits for the first and then finds its row.
async fn two_who_park_the_same_event_agree(scratch: Scratch) {
    let scenes = [Scene::on(&scratch), Scene::on(&scratch)];
    for number in 1..=20 {
        let (left, right) = futures_util::join!(scenes[0].park(parcel(number, 1)), scenes[1].park(parcel(number, 1)));
        assert_eq!(left, right);
    }
}

on_each_engine!(
    a_parked_message_is_kept_as_it_came,
    what_cannot_be_read_is_kept_too,
    an_event_is_one_letter_a_consumer,
    only_a_part_of_the_history_holds_up_its_aggregate,
    a_parked_event_goes_with_its_transaction,
    two_who_park_the_same_event_agree,
);
