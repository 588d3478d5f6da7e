use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::*;

async fn publish_some(road: &Road, versions: std::ops::RangeInclusive<i64>) {
    road.transport.available().await;
    let publishing = versions.map(|version| road.transport.publish(envelope::<ResourceCreated>(version), false));
    assert!(in_time("publishing", join_all(publishing)).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn what_is_unsettled_when_a_subscription_ends_comes_again_marked() {
    let Some(road) = Road::for_test("what_is_unsettled").await else { return };
    publish_some(&road, 1..=3).await;
    let mut first = road.transport.subscribe(availability());
    let handled = next(&mut first).await;
    let _in_hand = next(&mut first).await;
    let other = next(&mut first).await;
    assert!(!handled.redelivered());
    handled.ack();
    other.reject("not now".to_owned());
    let again = next(&mut first).await;
    assert_eq!((version(&again), again.redelivered()), (3, true));
    // An acknowledgement is on its way once a later one has had its effect.
    drop((again, first));

    let mut second = road.transport.subscribe(availability());
    let mut versions = BTreeSet::new();
    while versions.len() < 2 {
        let delivery = next(&mut second).await;
        assert!(delivery.redelivered());
        assert!(versions.insert(version(&delivery)) || version(&delivery) != 1);
        delivery.ack();
    }
    assert_eq!(versions, BTreeSet::from([2, 3]));
    road.close().await;
}

#[tokio::test]
async fn a_second_subscription_ends_the_first() {
    let Some(road) = Road::for_test("a_second_subscription").await else { return };
    publish_some(&road, 1..=1).await;
    let mut first = road.transport.subscribe(availability());
    let in_hand = next(&mut first).await;
    let mut second = road.transport.subscribe(availability());
    assert!(in_time("the end", first.next()).await.is_none());
    let again = next(&mut second).await;
    assert_eq!((version(&again), again.redelivered()), (1, true));
    // The first one's acknowledgement comes too late, and does no harm.
    in_hand.ack();
    again.ack();
    publish_some(&road, 2..=2).await;
    assert_eq!(version(&next(&mut second).await), 2);
    assert!(road.transport.condition().figures.unwrap().contains("1 stale acks"));
    road.close().await;
}

#[tokio::test]
async fn only_what_is_unsettled_comes_again() {
    let Some(road) = Road::for_test("only_what_is_unsettled").await else { return };
    publish_some(&road, 1..=1_000).await;
    let mut first = road.transport.subscribe(availability());
    let (mut kept, mut pending) = (Vec::new(), Vec::new());
    for expected in 1..=1_000 {
        let delivery = next(&mut first).await;
        assert_eq!(version(&delivery), expected);
        match expected {
            // The window of 300 does not starve behind these.
            10 | 400 | 950 => kept.push(delivery),
            _ => pending.push(delivery),
        }
        if pending.len() == 7 {
            pending.drain(..).rev().for_each(Delivery::ack);
        }
    }
    pending.drain(..).rev().for_each(Delivery::ack);
    eventually("the broker knows what is settled", || async {
        let path = format!("/api/queues/{}/bookly.availability", road.broker.vhost());
        road.broker.api(Method::GET, &path, Value::Null).await["messages"] == json!(3)
    })
    .await;
    drop((kept, first));
    let mut second = road.transport.subscribe(availability());
    for expected in [10, 400, 950] {
        let delivery = next(&mut second).await;
        assert_eq!((version(&delivery), delivery.redelivered()), (expected, true));
        delivery.ack();
    }
    road.close().await;
}

#[tokio::test]
async fn connections_that_are_closed_lose_nothing() {
    let Some(road) = Road::for_test("connections_that_are_closed").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    publish_some(&road, 1..=50).await;
    let in_hand = next(&mut subscription).await;
    assert_eq!(version(&in_hand), 1);
    close_connections(&road.broker).await;
    eventually("the loss is noticed", || async { !road.troubles().is_empty() }).await;
    road.publish_until_confirmed(&envelope::<ResourceCreated>(51)).await;
    in_hand.ack();
    let mut versions = BTreeSet::new();
    while versions.len() < 51 {
        let delivery = next(&mut subscription).await;
        versions.insert(version(&delivery));
        delivery.ack();
    }
    assert_eq!(versions, (1..=51).collect());
    road.well().await;
    road.close().await;
}

#[tokio::test]
async fn a_queue_that_is_deleted_is_made_again_after_its_events_are_put_back() {
    let Some(road) = Road::for_test("a_queue_that_is_deleted").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.well().await;
    road.recovered.lock().unwrap().clear();
    delete_queue(&road.broker, "bookly.availability").await;
    eventually("the hook is called", || async { !road.recovered.lock().unwrap().is_empty() }).await;
    assert_eq!(*road.recovered.lock().unwrap(), [[Service::Availability]]);
    road.well().await;
    publish_some(&road, 1..=1).await;
    assert_eq!(version(&next(&mut subscription).await), 1);
    road.close().await;
}

#[tokio::test]
async fn a_consumer_that_the_broker_refuses_says_so_and_tries_again() {
    let Some(road) = Road::for_test("a_consumer_that_the_broker_refuses").await else { return };
    road.well().await;
    road.transport.available().await;
    let (connection, channel) = stranger(&road.broker).await;
    let options = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
    let exclusive = channel.basic_consume("bookly.unrouted".into(), "".into(), options, FieldTable::default());
    let exclusive = exclusive.await.unwrap();
    let mut subscription = road.transport.subscribe(Source::Unrouted);
    let other = road.transport.subscribe(availability());
    eventually("the refusal is told", || async {
        road.troubles().contains("the consumer of queue \"bookly.unrouted\" is not attached: ")
    })
    .await;
    assert!(!road.troubles().contains("RabbitMQ at"), "the connection is not to blame: {}", road.troubles());
    drop(exclusive);
    connection.close(200, "done".into()).await.unwrap();
    road.well().await;
    road.publish(&envelope::<UserLoggedOut>(1)).await.unwrap();
    next(&mut subscription).await.ack();
    drop(other);
    road.close().await;
}

#[tokio::test]
async fn what_the_broker_sets_aside_says_why() {
    let Some(road) = Road::for_test("what_the_broker_sets_aside").await else { return };
    publish_some(&road, 1..=1).await;
    let (_connection, channel) = stranger(&road.broker).await;
    // A queue with a single active consumer cannot be read in another way.
    let (own, options) = ("bookly.availability".into(), BasicConsumeOptions::default());
    let mut consumer = channel.basic_consume(own, "".into(), options, FieldTable::default()).await.unwrap();
    let got = in_time("the message", consumer.next()).await.unwrap().unwrap();
    got.reject(BasicRejectOptions { requeue: false }).await.unwrap();
    let mut subscription = road.transport.subscribe(Source::DeadLetters);
    let delivery = next(&mut subscription).await;
    let death = delivery.death().unwrap();
    assert_eq!((death.queue.as_str(), death.reason.as_str(), death.count), ("bookly.availability", "rejected", 1));
    assert_eq!((delivery.source(), version(&delivery)), (Source::DeadLetters, 1));
    delivery.ack();
    road.close().await;
}
