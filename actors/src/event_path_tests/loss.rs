//! What the road loses, repeats or makes up.

use amqp::{Envelope, PublishError};

use super::*;
use crate::event_store::events_of;

impl Road {
    pub(super) async fn history(&self, number: u128) -> Vec<Envelope> {
        let id = Uuid::from_u128(number);
        self.database.read(move |connection| events_of(connection, id)).await.expect("a history")
    }

    /// Somebody else publishes this.
    async fn publish(&self, envelope: Envelope) {
        settle("it is confirmed", async || {
            match self.transport.publish(Arc::new(envelope.clone()), false).await {
                Ok(()) => Some(()),
                // Its consumer is being restarted.
                Err(PublishError::NoConsumer { .. } | PublishError::Unhandled { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
    }

    pub(super) async fn number(&self, query: &'static str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let read =
            self.database.read(move |connection| sql_query(query).get_result::<Row>(connection).map_err(Error::from));
        read.await.expect("a number").number
    }

    /// Appends events that never reach the outbox, as a broker loses them that loses its disk.
    pub(super) async fn append_and_lose(&self, number: u128, versions: std::ops::RangeInclusive<i64>) {
        for version in versions {
            let recorded = [Recorded { version, event: event(number, version, false) }];
            let origin = Origin::new(&Clock::system(), None);
            let work = self.database.write(move |transaction| {
                append(transaction, &origin, &recorded)?;
                let forget = "DELETE FROM outbox WHERE position = (SELECT max(position) FROM outbox)";
                transaction.connection().batch_execute(forget).map_err(Error::from)
            });
            work.await.expect("appended");
        }
    }
}

async fn what_was_lost_before_an_event_comes_from_the_store(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.append(1, 1..=1, 9).await;
    road.is_done().await;
    road.append_and_lose(1, 2..=3).await;
    road.append(1, 4..=4, 9).await;
    road.is_done().await;
    in_order(&road.seen().await, 1..=1, 4);
    road.tree.stop().await;
}

async fn what_was_lost_with_a_queue_is_published_again(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.append(1, 1..=2, 9).await;
    road.is_done().await;
    road.append_and_lose(1, 3..=3).await;
    road.append_and_lose(2, 1..=2).await;
    assert_eq!(road.unhandled().await, 3);
    let enqueued = recovery::enqueue_unhandled(&road.database, vec![Service::Reports, Service::Availability]).await;
    assert_eq!(enqueued.expect("enqueued"), 3);
    road.is_done().await;
    in_order(&road.seen().await, 1..=1, 3);
    in_order(&road.seen().await, 2..=2, 2);
    let again = recovery::enqueue_unhandled(&road.database, vec![Service::Reports]).await;
    assert_eq!(again.expect("enqueued"), 0);
    road.tree.stop().await;
}

async fn a_repeat_does_nothing_and_a_lie_is_parked_without_holding_anybody_up(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.append(1, 1..=2, 9).await;
    road.is_done().await;
    let history = road.history(1).await;
    road.publish(history[0].clone()).await;
    // The version of another event, and one that the history does not have.
    road.publish(Envelope { event_id: Uuid::from_u128(77), ..history[1].clone() }).await;
    road.publish(Envelope { event_id: Uuid::from_u128(78), version: 9, ..history[1].clone() }).await;
    assert_eq!(road.number("SELECT count(*) AS number FROM dead_letters WHERE reason = 'version_conflict'").await, 2);
    road.append(1, 3..=3, 9).await;
    settle("what comes next is not held up", async || (road.seen().await.len() == 3).then_some(())).await;
    in_order(&road.seen().await, 1..=1, 3);
    road.tree.stop().await;
}

async fn an_event_that_cannot_be_published_is_set_aside(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    let origin = Origin::new(&Clock::system(), None);
    let recorded = [Recorded { version: 1, event: event(1, 1, false) }];
    let work = road.database.write(move |transaction| {
        append(transaction, &origin, &recorded)?;
        // As after a return to an older release, which does not know the type.
        let rename = "UPDATE events SET event_type = 'reservation.moved'";
        transaction.connection().batch_execute(rename).map_err(Error::from)
    });
    work.await.expect("appended");
    road.append(2, 1..=1, 9).await;
    let set_aside = "SELECT count(*) AS number FROM dead_letters WHERE consumer = 'relay' AND state = 'failed'";
    settle("it is parked", async || (road.number(set_aside).await == 1).then_some(())).await;
    settle("the others flow", async || (road.seen().await.len() == 1).then_some(())).await;
    assert_eq!(road.waiting().await, 1);
    road.tree.stop().await;
}

on_each_engine!(
    what_was_lost_before_an_event_comes_from_the_store,
    what_was_lost_with_a_queue_is_published_again,
    a_repeat_does_nothing_and_a_lie_is_parked_without_holding_anybody_up,
    an_event_that_cannot_be_published_is_set_aside,
);
