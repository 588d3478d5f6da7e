//! Retrying many at once.

use super::retrying::{Stage, failed};
use super::*;
use crate::database::scratch::settle;

async fn ended(stage: &Stage, id: Uuid) -> BulkRetry {
    settle("the bulk retry ends", async || {
        let bulk = stage.scene.ask(GetBulkRetry(id)).await.expect("a bulk retry");
        matches!(bulk.state, BulkState::Done | BulkState::Stopped).then_some(bulk)
    })
    .await
}

fn all(per_second: u32) -> RetryDeadLetters {
    RetryDeadLetters { filter: LetterFilter::default(), per_second }
}

async fn one_goes_first_and_the_others_follow(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    let mut ids = Vec::new();
    for number in 1..=30 {
        ids.push(stage.scene.park(parcel(number, 1)).await);
    }
    let untouched = stage.scene.park(Parcel { consumer: "availability".to_owned(), ..parcel(99, 1) }).await;
    let filter = LetterFilter { consumer: Some("reports".to_owned()), ..LetterFilter::default() };
    let begun = stage.command(RetryDeadLetters { filter, per_second: 1_000 }).await.expect("begun");
    assert_eq!((begun.state, begun.matched), (BulkState::Canary, 30));
    let bulk = ended(&stage, begun.id).await;
    assert_eq!((bulk.state, bulk.retried, bulk.resolved, bulk.failed_again), (BulkState::Done, 30, 30, 0));
    assert_eq!(bulk.canary_id, Some(ids[0]));
    assert_eq!(stage.script().tried[0], ids[0]);
    for id in ids {
        let file = stage.scene.letter(id).await;
        assert_eq!(file.letter.state, State::Resolved);
        assert_eq!(file.operations.iter().map(|one| one.bulk_id).collect::<Vec<_>>(), [Some(begun.id)]);
    }
    assert_eq!(stage.scene.state(untouched).await, State::Failed);
}

async fn a_first_one_that_fails_spares_the_others(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.fails(1, failed("not mended yet"));
    let first = stage.scene.park(parcel(1, 1)).await;
    let second = stage.scene.park(parcel(2, 1)).await;
    let begun = stage.command(all(1_000)).await.expect("begun");
    let bulk = ended(&stage, begun.id).await;
    assert_eq!((bulk.state, bulk.retried, bulk.failed_again), (BulkState::Stopped, 1, 1));
    assert!(bulk.detail.expect("a reason").contains("not mended yet"));
    assert_eq!(stage.script().tried, [first]);
    assert_eq!(stage.scene.letter(second).await.letter.failures, 3);
}

async fn those_that_fail_again_are_counted_and_not_retried_for_ever(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.fails(2, failed("no"));
    let mut ids = Vec::new();
    for (number, version) in [(1, 1), (2, 1), (2, 2), (3, 1)] {
        ids.push(stage.scene.park(parcel(number, version)).await);
    }
    let begun = stage.command(all(1_000)).await.expect("begun");
    let bulk = ended(&stage, begun.id).await;
    assert_eq!((bulk.matched, bulk.retried, bulk.resolved, bulk.failed_again), (4, 3, 2, 1));
    assert!(bulk.detail.expect("a reason").starts_with("1 "), "the one behind the one that failed again is left");
    assert_eq!(stage.script().tried.iter().filter(|id| **id == ids[1]).count(), 1);
    stage.heals(2);
    let begun = stage.command(all(1_000)).await.expect("begun");
    let bulk = ended(&stage, begun.id).await;
    assert_eq!((bulk.matched, bulk.retried, bulk.resolved), (2, 2, 2), "in the order of their versions");
}

async fn it_goes_on_after_a_restart(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    for number in 1..=5 {
        scene.park(parcel(number, 1)).await;
    }
    let begun = scene.run(all(1_000)).await.expect("begun");
    assert_eq!(begun.started_by, Some(OPERATOR));
    let stage = Stage::on(&scratch);
    assert_eq!(ended(&stage, begun.id).await.resolved, 5);
}

async fn the_rate_is_kept(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    for number in 1..=6 {
        stage.scene.park(parcel(number, 1)).await;
    }
    let begun = stage.command(all(10)).await.expect("begun");
    let bulk = ended(&stage, begun.id).await;
    assert_eq!(bulk.resolved, 6);
    // Five after the first, a tenth of a second each.
    assert!(bulk.updated_at - bulk.created_at >= TimeDelta::milliseconds(500), "{bulk:?}");
}

async fn what_cannot_be_meant_is_refused(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    for per_second in [0, 1_001] {
        assert!(matches!(scene.run(all(per_second)).await, Err(Error::Invalid(_))));
    }
    for state in [State::Pending, State::Retrying, State::Resolved] {
        let filter = LetterFilter { state: Some(state), ..LetterFilter::default() };
        let refused = scene.run(RetryDeadLetters { filter, per_second: 1 }).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{state}");
    }
    assert!(matches!(scene.ask(GetBulkRetry(aggregate(1))).await, Err(Error::BulkNotFound)));
    let stage = Stage::on(&scratch);
    let begun = stage.command(all(1)).await.expect("begun");
    let bulk = ended(&stage, begun.id).await;
    assert_eq!((bulk.state, bulk.matched), (BulkState::Done, 0));
}

on_each_engine!(
    one_goes_first_and_the_others_follow,
    a_first_one_that_fails_spares_the_others,
    those_that_fail_again_are_counted_and_not_retried_for_ever,
    it_goes_on_after_a_restart,
    the_rate_is_kept,
    what_cannot_be_meant_is_refused,
);
