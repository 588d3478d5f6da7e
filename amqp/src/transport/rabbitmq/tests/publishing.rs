use std::time::Instant;

use super::*;

#[tokio::test]
async fn ten_thousand_events_are_confirmed_and_arrive_in_order() {
    let Some(road) = Road::for_test("ten_thousand_events").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.well().await;
    let envelopes: Vec<_> = (1..=10_000).map(envelope::<ResourceCreated>).collect();
    let begun = Instant::now();
    let publishing = envelopes.iter().map(|envelope| road.transport.publish(envelope.clone(), false));
    let outcomes = in_time("publishing", join_all(publishing)).await;
    let published = begun.elapsed();
    assert!(outcomes.iter().all(Result::is_ok));
    for expected in 1..=10_000 {
        let delivery = next(&mut subscription).await;
        assert_eq!((version(&delivery), delivery.redelivered()), (expected, false));
        delivery.ack();
    }
    eprintln!(
        "10,000 events: published in {published:?}, handled after {:?}; {:?}",
        begun.elapsed(),
        road.transport.condition()
    );
    road.close().await;
}

#[tokio::test]
async fn an_event_that_no_queue_takes_is_returned_and_the_topology_is_mended() {
    let Some(road) = Road::for_test("an_event_that_no_queue_takes").await else { return };
    road.publish_until_confirmed(&envelope::<UserLoggedOut>(1)).await;
    road.recovered.lock().unwrap().clear();
    delete_queue(&road.broker, "bookly.unrouted").await;
    let publishing = (2..=101).map(|version| road.transport.publish(envelope::<UserLoggedOut>(version), false));
    let returned = join_all(publishing).await.into_iter().filter(|outcome| *outcome == Err(PublishError::Unroutable));
    assert!(returned.count() > 0);
    eventually("the queue is there again", || async { road.publish(&envelope::<UserLoggedOut>(102)).await == Ok(()) })
        .await;
    assert_eq!(road.recovered.lock().unwrap().first().map(Vec::len), Some(2));
    road.close().await;
}

#[tokio::test]
async fn only_the_events_without_a_queue_are_unroutable() {
    let Some(road) = Road::for_test("only_the_events_without_a_queue").await else { return };
    road.publish_until_confirmed(&envelope::<ResourceCreated>(1)).await;
    delete_queue(&road.broker, "bookly.unrouted").await;
    let publishing = (1..=50).flat_map(|version| {
        let [routable, other] = [envelope::<ResourceCreated>(version), envelope::<UserLoggedOut>(version + 100)];
        [road.transport.publish(routable, false), road.transport.publish(other, false)]
    });
    let outcomes = in_time("publishing", join_all(publishing)).await;
    let (routable, others): (Vec<_>, Vec<_>) = outcomes.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
    assert!(routable.iter().all(|(_, outcome)| outcome.is_ok()), "{routable:?}");
    assert_eq!(others.first().map(|(_, outcome)| outcome.clone()), Some(Err(PublishError::Unroutable)));
    road.close().await;
}

#[tokio::test]
async fn a_queue_that_is_full_refuses() {
    let Some(road) = Road::for_test("a_queue_that_is_full_refuses").await else { return };
    road.publish_until_confirmed(&envelope::<UserLoggedOut>(1)).await;
    let vhost = road.broker.vhost();
    let full = json!({ "durable": true, "arguments": { "x-max-length": 1, "x-overflow": "reject-publish" } });
    road.broker.api(Method::PUT, &format!("/api/queues/{vhost}/full"), full).await;
    let binding = json!({ "routing_key": "user.logged_out" });
    road.broker.api(Method::POST, &format!("/api/bindings/{vhost}/e/bookly.events/q/full"), binding).await;
    let mut outcomes = Vec::new();
    for version in 2..=6 {
        outcomes.push(road.publish(&envelope::<UserLoggedOut>(version)).await);
    }
    assert_eq!((&outcomes[0], &outcomes[4]), (&Ok(()), &Err(PublishError::Refused)));
    road.close().await;
}

#[tokio::test]
async fn an_error_of_the_channel_is_survived() {
    let Some(road) = Road::for_test("an_error_of_the_channel").await else { return };
    road.publish_until_confirmed(&envelope::<ResourceCreated>(1)).await;
    road.broker
        .api(Method::DELETE, &format!("/api/exchanges/{}/bookly.events", road.broker.vhost()), Value::Null)
        .await;
    let lost = road.publish(&envelope::<ResourceCreated>(2)).await;
    assert!(matches!(&lost, Err(PublishError::Unavailable(reason)) if reason.contains("no exchange")), "{lost:?}");
    road.publish_until_confirmed(&envelope::<ResourceCreated>(2)).await;
    road.well().await;
    road.close().await;
}

#[tokio::test]
async fn an_event_that_cannot_travel_blames_itself() {
    let road = transport("amqp://127.0.0.1:1".to_owned(), Arc::default());
    let mut stray = Envelope::clone(&envelope::<UserLoggedOut>(1));
    stray.event_type = "user.vanished".to_owned();
    let unknown = Err(PublishError::UnknownType { event_type: "user.vanished".to_owned() });
    assert_eq!(road.publish(Arc::new(stray), false).await, unknown);
    let mut large = Envelope::clone(&envelope::<UserLoggedOut>(1));
    large.data = Value::String("x".repeat(crate::envelope::MAX_BYTES));
    assert!(road.publish(Arc::new(large), false).await.unwrap_err().blames_event());
}
