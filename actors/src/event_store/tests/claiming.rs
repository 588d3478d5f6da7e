//! The outbox: who takes what, and in which order.

use super::outbox::{Backlog, CLAIM, Failure, Outgoing};
use super::*;

async fn claim(database: &Database, now: DateTime<Utc>, limit: i64) -> Vec<(u128, i64)> {
    claimed(database, now, limit).await.iter().map(place).collect()
}

async fn claimed(database: &Database, now: DateTime<Utc>, limit: i64) -> Vec<Outgoing> {
    database.write(move |transaction| outbox::claim(transaction, now, limit)).await.expect("claimed")
}

fn place(outgoing: &Outgoing) -> (u128, i64) {
    (outgoing.envelope.aggregate_id.as_u128(), outgoing.envelope.version)
}

fn position(claimed: &[Outgoing], wanted: (u128, i64)) -> i64 {
    claimed.iter().find(|outgoing| place(outgoing) == wanted).expect("it was claimed").position
}

async fn settle(database: &Database, confirmed: Vec<i64>, failed: Vec<Failure>) {
    database.write(move |transaction| outbox::settle(transaction, &confirmed, &failed)).await.expect("settled");
}

fn failure(position: i64, due_at: DateTime<Utc>) -> Failure {
    Failure { position, due_at: Some(due_at), blames_event: true, error: "on purpose".to_owned() }
}

async fn backlog(database: &Database) -> Backlog {
    database.read(outbox::backlog).await.expect("a backlog")
}

async fn events_are_claimed_once_in_order(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1), (1, 2), (3, 1)]).await;
    assert_eq!(claim(&database, noon() - TimeDelta::seconds(1), 9).await, [], "none is due yet");
    assert_eq!(claim(&database, noon(), 2).await, [(1, 1), (2, 1)]);
    assert_eq!(claim(&database, noon(), 9).await, [(3, 1)], "behind a claimed one of its aggregate, 1/2 waits");
    assert_eq!(claim(&database, noon(), 9).await, []);
    assert_eq!(backlog(&database).await.waiting, 4);
}

async fn a_whole_aggregate_is_claimed_at_once(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (1, 2), (2, 1), (1, 3)]).await;
    assert_eq!(claim(&database, noon(), 9).await, [(1, 1), (1, 2), (2, 1), (1, 3)]);
}

async fn a_failed_event_holds_up_its_aggregate_and_nobody_else(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (1, 2), (2, 1)]).await;
    let taken = claimed(&database, noon(), 9).await;
    let (first, second, other) = (position(&taken, (1, 1)), position(&taken, (1, 2)), position(&taken, (2, 1)));
    let later = noon() + TimeDelta::seconds(30);
    settle(&database, vec![other], vec![failure(first, later)]).await;
    database.write(move |transaction| outbox::release(transaction, &[second])).await.expect("released");
    happened(&database, &[(2, 2)]).await;
    let just_before = later - TimeDelta::microseconds(1);
    assert_eq!(claim(&database, just_before, 9).await, [(2, 2)]);
    let state = backlog(&database).await;
    assert_eq!((state.waiting, state.failing, state.last_error.as_deref()), (3, 1, Some("on purpose")));
    let again = claimed(&database, later, 9).await;
    assert_eq!(again.iter().map(place).collect::<Vec<_>>(), [(1, 1), (1, 2)]);
    assert_eq!(again.iter().map(|outgoing| outgoing.attempts).collect::<Vec<_>>(), [1, 0]);
}

async fn what_waits_behind_a_failed_event_is_not_due_before_it(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (1, 2)]).await;
    assert_eq!(backlog(&database).await.next_due_at, Some(noon()));
    let taken = claimed(&database, noon(), 9).await;
    assert_eq!(backlog(&database).await.next_due_at, Some(noon() + CLAIM), "a claimed one is due when its claim ends");
    let later = noon() + TimeDelta::seconds(30);
    settle(&database, vec![], vec![failure(position(&taken, (1, 1)), later)]).await;
    database.write(outbox::release_all).await.expect("released");
    assert_eq!(backlog(&database).await.next_due_at, Some(later), "looking earlier finds nothing to do");
    happened(&database, &[(2, 1)]).await;
    assert_eq!(backlog(&database).await.next_due_at, Some(noon()));
}

async fn a_claim_that_expired_is_taken_over(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (1, 2)]).await;
    assert_eq!(claim(&database, noon(), 1).await, [(1, 1)]);
    assert_eq!(claim(&database, noon() + CLAIM, 9).await, [], "it holds to its last microsecond");
    let after = noon() + CLAIM + TimeDelta::microseconds(1);
    assert_eq!(claim(&database, after, 9).await, [(1, 1), (1, 2)]);
}

async fn a_renewed_claim_holds_for_another_while(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1)]).await;
    let positions = vec![claimed(&database, noon(), 9).await[0].position];
    let later = noon() + TimeDelta::seconds(2);
    database.write(move |transaction| outbox::renew(transaction, &positions, later)).await.expect("renewed");
    assert_eq!(claim(&database, later + CLAIM, 9).await, []);
    assert_eq!(claim(&database, later + CLAIM + TimeDelta::microseconds(1), 9).await, [(1, 1)]);
}

async fn released_claims_may_be_taken_at_once(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1)]).await;
    let taken = claimed(&database, noon(), 9).await;
    let first = taken[0].position;
    database.write(move |transaction| outbox::release(transaction, &[first])).await.expect("released");
    assert_eq!(claim(&database, noon(), 9).await, [(1, 1)]);
    database.write(outbox::release_all).await.expect("released");
    assert_eq!(claim(&database, noon(), 9).await, [(1, 1), (2, 1)]);
    settle(&database, taken.iter().map(|outgoing| outgoing.position).collect(), vec![]).await;
    assert_eq!(backlog(&database).await, Backlog::default());
}

async fn a_claim_that_nobody_settled_is_told_from_one_that_was_given_back(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1)]).await;
    let taken = claimed(&database, noon(), 9).await;
    assert!(taken.iter().all(|outgoing| !outgoing.repeated));
    let given_back = position(&taken, (1, 1));
    database.write(move |transaction| outbox::release(transaction, &[given_back])).await.expect("released");
    database.write(outbox::release_all).await.expect("released");
    let again = claimed(&database, noon(), 9).await;
    assert_eq!(
        again.iter().map(|one| (place(one), one.repeated)).collect::<Vec<_>>(),
        [((1, 1), false), ((2, 1), true)]
    );
}

async fn an_event_that_is_set_aside_holds_up_its_aggregate_until_somebody_decides(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (1, 2), (2, 1), (2, 2)]).await;
    let taken = claimed(&database, noon(), 9).await;
    let aside = |number| Failure { due_at: None, ..failure(position(&taken, (number, 1)), noon()) };
    let event_id = |number| taken.iter().find(|one| place(one) == (number, 1)).expect("taken").envelope.event_id;
    let (first, second) = (event_id(1), event_id(2));
    settle(&database, vec![], vec![aside(1), aside(2)]).await;
    database.write(outbox::release_all).await.expect("released");
    let much_later = noon() + TimeDelta::days(1_000);
    assert_eq!(claim(&database, much_later, 9).await, []);
    database.write(move |transaction| outbox::retry_now(transaction, first, much_later)).await.expect("due");
    let again = claimed(&database, much_later, 9).await;
    assert_eq!(
        again.iter().map(|one| (place(one), one.troubled)).collect::<Vec<_>>(),
        [((1, 1), true), ((1, 2), false)]
    );
    database.write(move |transaction| outbox::discard(transaction, second)).await.expect("out");
    assert_eq!(claim(&database, much_later, 9).await, [(2, 2)]);
}

/// Two relays, as two processes have, never have events of one aggregate on their way at once.
async fn two_relays_share_the_work(scratch: Scratch) {
    let databases = [scratch.open(), scratch.open()];
    let events: Vec<_> = (1..=4).flat_map(|version| (1..=10).map(move |number| (number, version))).collect();
    happened(&databases[0], &events).await;
    let mut published = Vec::new();
    loop {
        let (left, right) = futures_util::join!(claimed(&databases[0], noon(), 7), claimed(&databases[1], noon(), 7));
        let aggregates =
            |taken: &[Outgoing]| taken.iter().map(|one| place(one).0).collect::<std::collections::BTreeSet<_>>();
        assert!(aggregates(&left).is_disjoint(&aggregates(&right)), "{left:?} {right:?}");
        if left.is_empty() && right.is_empty() {
            break;
        }
        for (database, taken) in databases.iter().zip([left, right]) {
            published.extend(taken.iter().map(place));
            settle(database, taken.iter().map(|outgoing| outgoing.position).collect(), vec![]).await;
        }
    }
    for number in 1..=10 {
        let of_one: Vec<i64> = published.iter().filter(|one| one.0 == number).map(|one| one.1).collect();
        assert_eq!(of_one, [1, 2, 3, 4]);
    }
}

on_each_engine!(
    events_are_claimed_once_in_order,
    a_whole_aggregate_is_claimed_at_once,
    a_failed_event_holds_up_its_aggregate_and_nobody_else,
    what_waits_behind_a_failed_event_is_not_due_before_it,
    a_claim_that_expired_is_taken_over,
    a_renewed_claim_holds_for_another_while,
    released_claims_may_be_taken_at_once,
    a_claim_that_nobody_settled_is_told_from_one_that_was_given_back,
    an_event_that_is_set_aside_holds_up_its_aggregate_until_somebody_decides,
    two_relays_share_the_work,
);
