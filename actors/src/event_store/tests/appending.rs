//! Events and the state changes they tell of.

use super::*;

async fn a_history_folds_to_the_state(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1), (1, 2), (1, 3)]).await;
    let events = history(&database, 1).await;
    assert_eq!(versions(&events), [(1, 1), (1, 2), (1, 3)]);
    let state = fold::<Named>(&events).expect("a fold");
    assert_eq!(state, Some(Named { name: "name 3".to_owned(), version: 3, at: noon() }));
    assert_eq!(fold::<Named>(&history(&database, 3).await), Ok(None));
}

async fn an_event_is_read_back_as_it_was_written(scratch: Scratch) {
    let database = scratch.open();
    let origin = origin();
    let copy = origin.clone();
    let ids =
        database.write(move |transaction| append(transaction, &copy, &[Recorded { version: 1, event: event(1, 1) }]));
    let ids = ids.await.expect("appended");
    let [stored] = history(&database, 1).await.try_into().expect("one event");
    assert_eq!(stored.event_id, ids[0]);
    assert_eq!((stored.event_type.as_str(), stored.service.as_str()), ("category.created", "resources-service"));
    assert_eq!((stored.aggregate_type.as_str(), stored.version), ("Category", 1));
    assert_eq!(stored.timestamp, origin.now);
    assert_eq!(stored.data, event(1, 1).data());
    assert_eq!(stored.metadata, origin.metadata());
    let again: Envelope = serde_json::from_str(&serde_json::to_string(&stored).expect("json")).expect("an envelope");
    assert_eq!(again, stored, "the road changes nothing");
}

async fn the_slower_writer_is_refused(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1)]).await;
    let second = database.write(|transaction| put(transaction, 1, 1)).await.expect_err("the version is taken");
    assert_eq!(second.constraint(), Some("events_aggregate_id_version_key"));
    assert_eq!(history(&database, 1).await.len(), 1);
}

async fn what_is_rolled_back_never_happened(scratch: Scratch) {
    let database = scratch.open();
    let undone: Result<(), Error> = database
        .write(|transaction| {
            put(transaction, 1, 1)?;
            Err(Error::NotFound)
        })
        .await;
    assert!(undone.is_err());
    assert!(history(&database, 1).await.is_empty());
    assert_eq!(database.read(outbox::backlog).await.expect("a backlog"), outbox::Backlog::default());
    let claimed = database.write(|transaction| outbox::claim(transaction, noon(), 10)).await.expect("claimed");
    assert!(claimed.is_empty());
}

async fn many_events_are_appended_at_once_in_order(scratch: Scratch) {
    let database = scratch.open();
    let recorded: Vec<_> = (1..=2_500).map(|version| Recorded { version, event: event(1, version) }).collect();
    let append_all = database.write(move |transaction| append(transaction, &origin(), &recorded));
    let ids = append_all.await.expect("appended");
    let events = history(&database, 1).await;
    assert_eq!(events.iter().map(|envelope| envelope.event_id).collect::<Vec<_>>(), ids);
    let claimed = database.write(|transaction| outbox::claim(transaction, noon(), 9_999)).await.expect("claimed");
    assert_eq!(claimed.into_iter().map(|outgoing| outgoing.envelope).collect::<Vec<_>>(), events);
}

async fn a_consumer_claims_an_event_once(scratch: Scratch) {
    let database = scratch.open();
    let event_id = Ids.next();
    let claim = |consumer: &'static str| {
        let database = database.clone();
        async move { database.write(move |transaction| inbox::claim(transaction, consumer, event_id, noon())).await }
    };
    assert!(claim("reports").await.expect("claimed"));
    assert!(!claim("reports").await.expect("known"));
    assert!(claim("availability").await.expect("another consumer has its own"));
    let other = Ids.next();
    let undone: Result<(), Error> = database
        .write(move |transaction| {
            assert!(inbox::claim(transaction, "reports", other, noon())?);
            assert!(!inbox::claim(transaction, "reports", other, noon())?);
            Err(Error::NotFound)
        })
        .await;
    assert!(undone.is_err());
    let again = database.write(move |transaction| inbox::claim(transaction, "reports", other, noon())).await;
    assert!(again.expect("claimed"), "an effect that was undone is claimed again");
}

async fn of_many_claims_at_once_one_is_first(scratch: Scratch) {
    let database = scratch.open();
    let event_id = Ids.next();
    let claims =
        (0..20).map(|_| database.write(move |transaction| inbox::claim(transaction, "reports", event_id, noon())));
    let claims: Vec<bool> =
        futures_util::future::join_all(claims).await.into_iter().map(|claim| claim.expect("claimed")).collect();
    assert_eq!(claims.iter().filter(|first| **first).count(), 1);
}

on_each_engine!(
    a_history_folds_to_the_state,
    an_event_is_read_back_as_it_was_written,
    the_slower_writer_is_refused,
    what_is_rolled_back_never_happened,
    many_events_are_appended_at_once_in_order,
    a_consumer_claims_an_event_once,
    of_many_claims_at_once_one_is_first,
);

fn envelope(number: u128, version: i64) -> Envelope {
    let event = event(number, version);
    Envelope {
        event_id: Ids.next(),
        event_type: event.event_type().to_owned(),
        service: event.producer().wire_name().to_owned(),
        timestamp: noon(),
        aggregate_id: aggregate(number),
        aggregate_type: event.aggregate_type().to_owned(),
        version,
        data: event.data(),
        metadata: origin().metadata(),
    }
}

#[test]
fn a_history_with_a_gap_is_not_folded() {
    let gap = [envelope(1, 1), envelope(1, 3)];
    let refused = fold::<Named>(&gap).expect_err("version 2 is missing");
    assert_eq!((refused.version, refused.reason.as_str()), (3, "version 2 was expected"));
    assert_eq!(fold::<Named>(&gap[1..]).expect_err("no beginning").version, 3);
    let foreign = Envelope { event_type: "user.logged_in".to_owned(), ..envelope(1, 1) };
    assert!(fold::<Named>(&[foreign]).expect_err("not its event").reason.contains("user.logged_in"));
}
