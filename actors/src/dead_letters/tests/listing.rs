//! How operators see what is there.

use std::collections::BTreeMap;

use super::*;

async fn pages(scene: &Scene, filter: &LetterFilter) -> Vec<Uuid> {
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = scene.ask(ListDeadLetters { filter: filter.clone(), after, limit: 2 }).await.expect("a page");
        assert!(page.items.len() <= 2);
        ids.extend(page.items.into_iter().map(|letter| letter.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn a_list_is_narrowed_by_every_part_of_the_filter(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(scene.park(parcel(number, 1)).await);
    }
    let odd = scene
        .park(Parcel { consumer: "availability".to_owned(), reason: Reason::Poison, ..due(parcel(9, 1), noon()) })
        .await;
    ids.push(odd);
    let mut newest_first = ids.clone();
    newest_first.reverse();
    assert_eq!(pages(&scene, &LetterFilter::default()).await, newest_first);
    let fingerprint = scene.letter(odd).await.letter.fingerprint;
    let filters = [
        LetterFilter { state: Some(State::Pending), ..Default::default() },
        LetterFilter { consumer: Some("availability".to_owned()), ..Default::default() },
        LetterFilter { reason: Some(Reason::Poison), ..Default::default() },
        LetterFilter { fingerprint: Some(fingerprint), ..Default::default() },
        LetterFilter { aggregate_id: Some(aggregate(9)), ..Default::default() },
    ];
    for filter in filters {
        assert_eq!(pages(&scene, &filter).await, [odd], "{filter:?}");
    }
    let nothing = LetterFilter { event_type: Some("user.registered".to_owned()), ..Default::default() };
    assert_eq!(pages(&scene, &nothing).await, NONE);
}

async fn letters_that_failed_alike_are_a_group(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    for number in 1..=3 {
        scene.clock.advance(TimeDelta::seconds(1));
        scene.park(parcel(number, number as i64)).await;
    }
    let other = scene.park(Parcel { error: "the disk is full".to_owned(), ..parcel(4, 1) }).await;
    let waiting = Parcel { error: "no room for event 77".to_owned(), ..due(parcel(5, 1), noon()) };
    scene.park(waiting).await;
    let groups = scene.ask(GroupDeadLetters { resolved: false, limit: 10 }).await.expect("groups");
    assert_eq!(groups.iter().map(|group| group.count).collect::<Vec<_>>(), [4, 1]);
    let states = BTreeMap::from([("failed".to_owned(), 3), ("pending".to_owned(), 1)]);
    assert_eq!(groups[0].states, states);
    assert_eq!(groups[0].sample_error, "no room for event 77");
    assert_eq!((groups[0].consumer.as_str(), groups[0].reason), ("reports", Reason::Failed));
    let span = (noon() + TimeDelta::seconds(1), noon() + TimeDelta::seconds(3));
    assert_eq!((groups[0].first_parked_at, groups[0].last_parked_at), span);
    scene.handled(other).await;
    assert_eq!(scene.ask(GroupDeadLetters { resolved: false, limit: 10 }).await.expect("groups").len(), 1);
    assert_eq!(scene.ask(GroupDeadLetters { resolved: true, limit: 10 }).await.expect("groups").len(), 2);
}

async fn statistics_count_everything_once(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let empty = scene.ask(CountDeadLetters).await.expect("statistics");
    assert_eq!((empty.total, empty.by_state["failed"], empty.oldest_unresolved_at), (0, 0, None));
    let first = scene.park(parcel(1, 1)).await;
    scene.clock.advance(TimeDelta::seconds(7));
    scene.park(Parcel { consumer: "availability".to_owned(), ..due(parcel(2, 1), noon()) }).await;
    scene.park(Parcel { event: None, reason: Reason::Malformed, ..parcel(3, 1) }).await;
    scene.handled(first).await;
    let statistics = scene.ask(CountDeadLetters).await.expect("statistics");
    let counts = |pairs: &[(&str, i64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let expected = DeadLetterStatistics {
        total: 3,
        unresolved: 2,
        by_state: counts(&[("pending", 1), ("retrying", 0), ("failed", 1), ("resolved", 1)]),
        by_consumer: counts(&[("availability", 1), ("reports", 1)]),
        by_event_type: counts(&[("category.created", 1), ("unknown", 1)]),
        by_reason: counts(&[("failed", 1), ("malformed", 1)]),
        oldest_unresolved_at: Some(noon() + TimeDelta::seconds(7)),
    };
    assert_eq!(statistics, expected);
}

on_each_engine!(
    a_list_is_narrowed_by_every_part_of_the_filter,
    letters_that_failed_alike_are_a_group,
    statistics_count_everything_once,
);
