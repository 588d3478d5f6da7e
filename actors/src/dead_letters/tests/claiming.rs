//! Who tries what, and when.

use super::*;
use crate::dead_letters::claim::CLAIM;

async fn a_letter_is_claimed_when_it_is_due(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let later = noon() + TimeDelta::seconds(10);
    let id = scene.park(due(parcel(1, 1), later)).await;
    assert_eq!(scene.next_due().await, Some(later));
    assert_eq!(scene.claim(9).await, NONE);
    scene.clock.advance(TimeDelta::seconds(10));
    assert_eq!(scene.claim(9).await, [id]);
    assert_eq!(scene.claim(9).await, NONE, "it is claimed once");
    assert_eq!(scene.next_due().await, Some(later + CLAIM), "then its claim is the next thing to look at");
}

async fn what_waits_for_an_operator_is_never_claimed(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    scene.park(parcel(1, 1)).await;
    scene.clock.advance(TimeDelta::days(365));
    assert_eq!(scene.claim(9).await, NONE);
    assert_eq!(scene.next_due().await, None);
}

async fn only_the_first_of_an_aggregate_is_claimed(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let third = scene.park(due(parcel(1, 3), noon())).await;
    let first = scene.park(due(parcel(1, 1), noon() + TimeDelta::seconds(5))).await;
    let second = scene.park(due(parcel(1, 2), noon())).await;
    let other = scene.park(due(parcel(2, 9), noon())).await;
    let foreign = scene.park(Parcel { reason: Reason::VersionConflict, ..due(parcel(1, 4), noon()) }).await;
    let mut claimed = scene.claim(9).await;
    claimed.sort();
    assert_eq!(claimed, [other, foreign], "the first is not due, so those behind it wait");
    scene.clock.advance(TimeDelta::seconds(5));
    for id in [first, second, third] {
        assert_eq!(scene.claim(9).await, [id]);
        assert_eq!(scene.claim(9).await, NONE, "behind a claimed one the next waits");
        scene.handled(id).await;
    }
}

async fn a_failed_first_holds_up_the_others(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let first = scene.park(parcel(1, 1)).await;
    let second = scene.park(Parcel { reason: Reason::Waiting, ..due(parcel(1, 2), noon()) }).await;
    assert_eq!(scene.claim(9).await, NONE);
    assert_eq!(scene.next_due().await, None, "there is no use in looking");
    assert_eq!(scene.letter(second).await.behind, Some(first));
    scene.handled(first).await;
    assert_eq!(scene.claim(9).await, [second]);
}

async fn claims_that_ran_out_are_found_once(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(due(parcel(1, 1), noon())).await;
    scene.claim(9).await;
    let expired = async || {
        let now = scene.clock.now();
        let found = scene.database.write(move |transaction| claim::claim_expired(transaction, now, 9)).await;
        found.expect("found").into_iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    scene.clock.advance(CLAIM);
    assert_eq!(expired().await, NONE, "it holds to its last microsecond");
    let now = scene.clock.now();
    scene.database.write(move |transaction| claim::renew(transaction, &[id], now)).await.expect("renewed");
    scene.clock.advance(CLAIM);
    assert_eq!(expired().await, NONE);
    scene.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(expired().await, [id]);
    assert_eq!(expired().await, NONE, "whoever found it settles it");
    scene.database.write(move |transaction| claim::end_all(transaction, now)).await.expect("ended");
    assert_eq!(expired().await, [id]);
}

async fn what_is_given_back_is_due_again_and_has_not_failed(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(due(parcel(1, 1), noon())).await;
    scene.claim(9).await;
    let later = noon() + TimeDelta::seconds(2);
    scene.database.write(move |transaction| claim::release(transaction, &[id], later)).await.expect("released");
    let letter = scene.letter(id).await.letter;
    assert_eq!((letter.state, letter.failures, letter.due_at), (State::Pending, 3, Some(later)));
    scene.handled(id).await;
    scene.database.write(move |transaction| claim::release(transaction, &[id], later)).await.expect("nothing");
    assert_eq!(scene.state(id).await, State::Resolved);
}

/// Two actors, as two processes have, never try letters of one aggregate at once.
async fn two_processes_share_the_work(scratch: Scratch) {
    let scenes = [Scene::on(&scratch), Scene::on(&scratch)];
    for version in 1..=4 {
        for number in 1..=10 {
            scenes[0].park(due(parcel(number, version), noon())).await;
        }
    }
    let mut handled = Vec::new();
    loop {
        let (left, right) = futures_util::join!(scenes[0].claim(7), scenes[1].claim(7));
        if left.is_empty() && right.is_empty() {
            break;
        }
        let mut aggregates = std::collections::BTreeSet::new();
        for id in left.into_iter().chain(right) {
            let letter = scenes[0].letter(id).await.letter;
            assert!(aggregates.insert(letter.aggregate_id), "one aggregate twice at once");
            scenes[1].handled(id).await;
            handled.push((letter.aggregate_id, letter.version));
        }
    }
    for number in 1..=10 {
        let of_one = handled.iter().filter(|one| one.0 == Some(aggregate(number)));
        assert_eq!(of_one.map(|one| one.1.expect("a version")).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
}

on_each_engine!(
    a_letter_is_claimed_when_it_is_due,
    what_waits_for_an_operator_is_never_claimed,
    only_the_first_of_an_aggregate_is_claimed,
    a_failed_first_holds_up_the_others,
    claims_that_ran_out_are_found_once,
    what_is_given_back_is_due_again_and_has_not_failed,
    two_processes_share_the_work,
);
