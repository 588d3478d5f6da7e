use futures_util::StreamExt;

use super::*;
use crate::response::ResponseEnvelope;
use crate::topology::EXCHANGE;

async fn send(channel: &Channel, body: &[u8], properties: BasicProperties) {
    let options = BasicPublishOptions::default();
    let sending = channel.basic_publish(EXCHANGE.into(), "resource.created".into(), options, body, properties);
    sending.await.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_stranger_s_event_is_handled_like_our_own_and_answered() {
    let Some(road) = Road::for_test("a_stranger_s_event").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.transport.available().await;
    let (_connection, channel) = stranger(&road.broker).await;
    let own = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let own = channel.queue_declare("".into(), own, FieldTable::default()).await.unwrap().name().as_str().to_owned();
    let no_ack = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    for queue in [own.as_str(), "amq.rabbitmq.reply-to"] {
        let (_, consumer) = stranger(&road.broker).await;
        // An exclusive queue belongs to its connection.
        let consumer = if queue == own { channel.clone() } else { consumer };
        let mut answers = consumer.basic_consume(queue.into(), "".into(), no_ack, FieldTable::default()).await.unwrap();
        let properties =
            BasicProperties::default().with_reply_to(queue.into()).with_correlation_id("question 7".into());
        let body = envelope::<ResourceCreated>(1).to_bytes().unwrap();
        send(&consumer, &body, properties).await;
        let delivery = next(&mut subscription).await;
        assert!(delivery.wants_answer());
        let at = "2026-03-02T12:00:00Z".parse().unwrap();
        delivery.answer(&ResponseEnvelope::event("resource.created", json!({}), at));
        delivery.ack();
        let answer = in_time("the answer", answers.next()).await.unwrap().unwrap();
        let body: Value = serde_json::from_slice(&answer.data).unwrap();
        assert_eq!(body["code"], "EVT-0000");
        assert_eq!(answer.properties.correlation_id().as_ref().map(|id| id.as_str()), Some("question 7"));
    }
    road.close().await;
}

#[tokio::test]
async fn an_answer_to_nowhere_harms_nothing() {
    let Some(road) = Road::for_test("an_answer_to_nowhere").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.well().await;
    let (_connection, channel) = stranger(&road.broker).await;
    let long = "q".repeat(255);
    let places = ["amq.rabbitmq.reply-to.", "amq.rabbitmq.reply-to.%%%", "no such queue", long.as_str(), ""];
    for (place, at) in places.into_iter().zip(1..) {
        let body = envelope::<ResourceCreated>(at).to_bytes().unwrap();
        send(&channel, &body, BasicProperties::default().with_reply_to(place.into())).await;
        let delivery = next(&mut subscription).await;
        assert_eq!((version(&delivery), delivery.wants_answer()), (at, !place.is_empty()));
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        delivery.answer(&ResponseEnvelope::event("resource.created", json!({}), now));
        delivery.ack();
    }
    assert_eq!(road.publish(&envelope::<ResourceCreated>(9)).await, Ok(()));
    assert_eq!((version(&next(&mut subscription).await), road.troubles()), (9, String::new()));
    road.close().await;
}

#[tokio::test]
async fn what_is_no_envelope_is_delivered_with_its_bytes_and_the_reason() {
    let Some(road) = Road::for_test("what_is_no_envelope").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.well().await;
    let (_connection, channel) = stranger(&road.broker).await;
    let large = vec![b'['; 2 * crate::envelope::MAX_BYTES];
    let bodies: [(&[u8], &str); 5] = [
        (b"", "not JSON"),
        (b"\xff\x00{", "not JSON"),
        (b"[1]", "must be a JSON object"),
        (b"{\"eventId\": 7}", "eventId"),
        (&large, "more than the 1048576 allowed"),
    ];
    for (body, expected) in bodies {
        send(&channel, body, BasicProperties::default().with_type("made up".into())).await;
        let delivery = next(&mut subscription).await;
        let Content::Unreadable { reason, label } = delivery.content() else { panic!("an event") };
        assert!(reason.contains(expected), "{reason}");
        assert_eq!((delivery.bytes().as_ref(), label.as_deref()), (body, Some("made up")));
        delivery.ack();
    }
    road.close().await;
}

#[tokio::test]
async fn our_events_carry_properties_for_others() {
    let Some(road) = Road::for_test("our_events_carry_properties").await else { return };
    let envelope = envelope::<ResourceCreated>(1);
    road.publish_until_confirmed(&envelope).await;
    let (_connection, channel) = stranger(&road.broker).await;
    let (own, options) = ("bookly.availability".into(), BasicConsumeOptions::default());
    let mut consumer = channel.basic_consume(own, "".into(), options, FieldTable::default()).await.unwrap();
    let got = in_time("the message", consumer.next()).await.unwrap().unwrap();
    assert_eq!(got.properties, properties::of_event(&envelope).unwrap());
    assert_eq!(got.routing_key.as_str(), "resource.created");
    assert_eq!(got.data, envelope.to_bytes().unwrap());
    road.close().await;
}
