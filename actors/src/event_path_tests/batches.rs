//! Events that share a transaction: whatever happens to one of them, the others notice nothing.

use amqp::Envelope;

use super::*;
use crate::event_store::admission::{Admission, admit, are_next};
use crate::event_store::inbox;
use crate::handling::{Delivered, Outcome, handle_batch};
use crate::wiring::{DeliverBatch, HandlingError};

impl Road {
    /// Events that are committed and that the road has lost, so that only the test delivers them.
    async fn lost(&self, numbers: std::ops::RangeInclusive<u128>, version: i64) -> Vec<Arc<Envelope>> {
        let mut lost = Vec::new();
        for number in numbers {
            self.append_and_lose(number, version..=version).await;
            lost.extend(self.history(number).await.pop().map(Arc::new));
        }
        lost
    }

    async fn batch(&self, events: &[Arc<Envelope>]) -> Vec<bool> {
        self.handling.batch(Service::Reports, events).await
    }

    async fn alone(&self, event: &Arc<Envelope>) -> Outcome {
        let delivered = Delivered { event: Arc::clone(event), bytes: None, suspect: false };
        self.handling.event(Service::Reports, delivered).await
    }

    async fn count(&self, what: &str) -> i64 {
        let query: &'static str = match what {
            "letters" => "SELECT count(*) AS number FROM dead_letters",
            "executions" => "SELECT count(*) AS number FROM executions",
            "inbox" => "SELECT count(*) AS number FROM inbox WHERE consumer = 'reports'",
            "rows" => "SELECT count(*) AS number FROM report_reservations",
            _ => panic!("no such thing"),
        };
        self.number(query).await
    }

    async fn seen_sorted(&self) -> Vec<(u128, i64)> {
        let mut seen = self.seen().await;
        seen.sort_unstable();
        seen
    }
}

async fn a_bad_event_is_left_out_and_its_neighbours_notice_nothing(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.block(7).await;
    let first = road.lost(1..=20, 1).await;
    let handled = road.batch(&first).await;
    assert_eq!(handled, (1..=20).map(|number| number != 7).collect::<Vec<_>>());
    assert_eq!(road.seen_sorted().await, (1..=20).filter(|n| *n != 7).map(|n| (n, 1)).collect::<Vec<_>>());
    assert_eq!((road.count("letters").await, road.count("executions").await, road.count("inbox").await), (0, 0, 19));
    assert_eq!(road.alone(&first[6]).await, Outcome::Parked);
    let failures = road.number("SELECT CAST(max(failures) AS bigint) AS number FROM dead_letters").await;
    assert!(failures >= 3, "one at once and two in place, not {failures}");
    // What follows the bad one waits, what follows its neighbours does not.
    let second = road.lost(6..=8, 2).await;
    assert_eq!(road.batch(&second).await, [true, false, true]);
    assert_eq!(road.alone(&second[1]).await, Outcome::Parked);
    assert_eq!(road.letters().await, 2);
    road.execute("DELETE FROM blocked".to_owned()).await;
    road.is_done().await;
    in_order(&road.seen().await, 6..=8, 2);
    assert_eq!(road.count("letters").await, 2);
    road.tree.stop().await;
}

async fn an_event_that_comes_twice_has_one_effect(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    let mut events = road.lost(1..=10, 1).await;
    // Within a batch, too: twice the same, and another event that somebody gave the same identifier.
    let made_up = Envelope { aggregate_id: Uuid::from_u128(77), ..Envelope::clone(&events[0]) };
    events.extend([Arc::clone(&events[0]), Arc::new(made_up)]);
    let backwards: Vec<_> = events.iter().rev().cloned().collect();
    let both = futures_util::join!(road.batch(&events), road.batch(&backwards));
    let alone = futures_util::join!(road.batch(&events), road.alone(&events[3]));
    for handled in [both.0, both.1, alone.0] {
        assert!(handled.iter().all(|handled| *handled), "{handled:?}");
    }
    assert_eq!(alone.1, Outcome::Handled);
    assert_eq!(road.seen_sorted().await, (1..=10).map(|number| (number, 1)).collect::<Vec<_>>());
    assert_eq!((road.count("letters").await, road.count("inbox").await), (0, 10));
    road.tree.stop().await;
}

async fn a_batch_that_fails_or_panics_has_not_happened(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.block(2).await;
    let events = road.lost(1..=3, 1).await;
    let batch = DeliverBatch { events: events.clone() };
    let failed = handle_batch(&road.database, &Clock::system(), Service::Reports, batch).await;
    assert!(matches!(failed, Err(HandlingError::Storage(_))), "{failed:?}");
    let panicked: Result<(), Error> = road
        .database
        .write(move |transaction| {
            let ids = events.iter().map(|event| event.event_id);
            assert_eq!(inbox::claim_many(transaction, "reports", ids, at())?.len(), 3);
            panic!("on purpose");
        })
        .await;
    assert!(matches!(panicked, Err(Error::Panicked(_))), "{panicked:?}");
    assert_eq!((road.count("inbox").await, road.count("rows").await, road.count("letters").await), (0, 0, 0));
    road.tree.stop().await;
}

async fn batches_survive_an_actor_that_panics(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    let events = road.lost(1..=40, 1).await;
    let panics = async {
        for _ in 0..5 {
            road.tree.inject_panic("root/reports").await.expect("a path");
        }
    };
    let batches = futures_util::future::join_all(events.chunks(8).map(|batch| road.batch(batch)));
    let (handled, ()) = futures_util::join!(batches, panics);
    for (event, _) in events.iter().zip(handled.into_iter().flatten()).filter(|(_, handled)| !handled) {
        assert_eq!(road.alone(event).await, Outcome::Handled);
    }
    assert_eq!(road.seen_sorted().await, (1..=40).map(|number| (number, 1)).collect::<Vec<_>>());
    assert_eq!(road.count("letters").await, 0);
    road.tree.stop().await;
}

/// Batches of random events, some of them early, late or made up: what is next goes through, as it does alone.
async fn order_holds_whatever_is_in_the_batches(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    let mut random = fastrand::Rng::with_seed(5);
    let mut histories = Vec::new();
    for number in 1..=8 {
        road.append_and_lose(number, 1..=4).await;
        histories.push(road.history(number).await.into_iter().map(Arc::new).collect::<Vec<_>>());
    }
    let mut next = [0; 8];
    while next.iter().any(|next| *next < 4) {
        let (mut batch, mut expected) = (Vec::new(), Vec::new());
        for (history, next) in histories.iter().zip(&mut next) {
            if random.u8(..4) == 0 {
                continue;
            }
            let at = random.usize(..4).min(*next + 1);
            let event = if random.u8(..8) == 0 {
                Arc::new(Envelope { event_id: Uuid::from_u128(random.u128(..)), ..Envelope::clone(&history[at]) })
            } else {
                Arc::clone(&history[at])
            };
            let is_true = event.event_id == history[at].event_id;
            expected.push(is_true && at <= *next);
            *next += usize::from(is_true && at == *next);
            batch.push(event);
        }
        let asked = batch.clone();
        let asked = road.database.write(move |transaction| {
            let together = are_next(transaction, Service::Reports, &asked)?;
            let alone: Result<Vec<bool>, Error> =
                asked.iter().map(|event| Ok(admit(transaction, Service::Reports, event)? == Admission::Next)).collect();
            assert_eq!(together, alone?);
            Ok::<_, Error>(together)
        });
        assert_eq!(asked.await.expect("answers"), expected);
        assert_eq!(road.batch(&batch).await, expected);
    }
    in_order(&road.seen().await, 1..=8, 4);
    assert_eq!((road.seen().await.len(), road.count("letters").await), (32, 0));
    road.tree.stop().await;
}

on_each_engine!(
    a_bad_event_is_left_out_and_its_neighbours_notice_nothing,
    an_event_that_comes_twice_has_one_effect,
    a_batch_that_fails_or_panics_has_not_happened,
    batches_survive_an_actor_that_panics,
    order_holds_whatever_is_in_the_batches,
);
