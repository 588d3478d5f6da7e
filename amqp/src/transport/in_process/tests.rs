use futures_util::FutureExt;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::{Content, Subscription, Transport};
use super::{Arc, BTreeMap, DROPPED, Delivery, Envelope, InProcess, PublishError, Service, Source};
use crate::envelope::Metadata;
use crate::events::{Event, ReservationCreated, ResourceCreated, UserLoggedOut};

fn envelope<E: Event>(version: i64) -> Arc<Envelope> {
    let at = "2026-03-02T12:00:00Z".parse().unwrap();
    Arc::new(Envelope::new(&E::example(), Uuid::nil(), version, at, Metadata::new(Uuid::nil())).unwrap())
}

fn availability_only() -> Transport {
    Transport::in_process(&[Service::Availability])
}

/// Everything goes to two consumers.
fn forked() -> Transport {
    Transport::InProcess(InProcess::routed(&[Service::Availability, Service::Reports], 4, |_| {
        Some(&[Service::Availability, Service::Reports])
    }))
}

fn received(subscription: &mut Subscription) -> Option<Delivery> {
    subscription.next().now_or_never().expect("an event, or the end")
}

fn event(delivery: &Delivery) -> &Envelope {
    match delivery.content() {
        Content::Event(envelope) => envelope,
        Content::Unreadable { reason, .. } => panic!("{reason}"),
    }
}

fn unhandled(consumer: Service, reason: &str) -> Option<Result<(), PublishError>> {
    Some(Err(PublishError::Unhandled { consumer, reason: reason.to_owned() }))
}

#[tokio::test]
async fn an_event_is_confirmed_only_once_it_is_handled() {
    let transport = availability_only();
    let mut subscription = transport.subscribe(Source::Service(Service::Availability));
    let mut confirmed = Box::pin(transport.publish(envelope::<ResourceCreated>(1), false));
    assert_eq!((&mut confirmed).now_or_never(), None);

    let delivery = subscription.next().await.unwrap();
    assert_eq!((delivery.source(), event(&delivery).version), (Source::Service(Service::Availability), 1));
    assert_eq!((&mut confirmed).now_or_never(), None);

    delivery.ack();
    assert_eq!(confirmed.await, Ok(()));
}

#[test]
fn a_repeat_is_marked() {
    let transport = availability_only();
    let mut subscription = transport.subscribe(Source::Service(Service::Availability));
    for repeated in [false, true] {
        let _confirmed = transport.publish(envelope::<ResourceCreated>(1), repeated);
        assert_eq!(received(&mut subscription).unwrap().redelivered(), repeated);
    }
}

#[test]
fn only_services_are_delivered_to_within_a_process() {
    let transport = availability_only();
    for source in [Source::DeadLetters, Source::Unrouted] {
        assert!(transport.subscribe(source).next().now_or_never().is_none());
    }
}

#[tokio::test]
async fn a_waiting_consumer_is_woken() {
    let transport = availability_only();
    let mut subscription = transport.subscribe(Source::Service(Service::Availability));
    let consumer = tokio::spawn(async move { subscription.next().await.map(Delivery::ack) });
    tokio::task::yield_now().await;
    assert_eq!(transport.publish(envelope::<ResourceCreated>(1), false).await, Ok(()));
    assert_eq!(consumer.await.unwrap(), Some(()));
}

#[test]
fn a_rejected_or_dropped_event_is_not_confirmed() {
    let transport = availability_only();
    let mut subscription = transport.subscribe(Source::Service(Service::Availability));

    let rejected = transport.publish(envelope::<ResourceCreated>(1), false);
    received(&mut subscription).unwrap().reject("the database is away".to_owned());
    assert_eq!(rejected.now_or_never(), unhandled(Service::Availability, "the database is away"));

    let dropped = transport.publish(envelope::<ResourceCreated>(2), false);
    drop(received(&mut subscription));
    assert_eq!(dropped.now_or_never(), unhandled(Service::Availability, DROPPED));
}

#[test]
fn an_event_that_nobody_consumes_is_confirmed_at_once() {
    let transport = Transport::in_process(&[]);
    assert_eq!(transport.publish(envelope::<UserLoggedOut>(1), false).now_or_never(), Some(Ok(())));
}

#[test]
fn an_event_of_an_unknown_type_is_refused() {
    let mut stray = Envelope::clone(&envelope::<UserLoggedOut>(1));
    stray.event_type = "user.vanished".to_owned();
    let refused = Some(Err(PublishError::UnknownType { event_type: "user.vanished".to_owned() }));
    assert_eq!(availability_only().publish(Arc::new(stray), false).now_or_never(), refused);
}

#[test]
fn an_absent_consumer_is_named() {
    let transport = availability_only();
    let absent = |consumer| Some(Err(PublishError::NoConsumer { consumer }));
    let publish = || transport.publish(envelope::<ResourceCreated>(1), false).now_or_never();
    assert_eq!(publish(), absent(Service::Availability));
    drop(transport.subscribe(Source::Service(Service::Availability)));
    assert_eq!(publish(), absent(Service::Availability));

    let mut outside = transport.subscribe(Source::Service(Service::Reports));
    let elsewhere = transport.publish(envelope::<ReservationCreated>(1), false).now_or_never();
    assert_eq!(elsewhere, absent(Service::Reports));
    assert!(received(&mut outside).is_none());
}

#[test]
fn a_consumer_gets_only_what_the_catalogue_routes_to_it() {
    let transport = Transport::in_process(&[Service::Availability, Service::Reports]);
    let mut availability = transport.subscribe(Source::Service(Service::Availability));
    let mut reports = transport.subscribe(Source::Service(Service::Reports));
    let _resource = transport.publish(envelope::<ResourceCreated>(1), false);
    let _reservation = transport.publish(envelope::<ReservationCreated>(1), false);
    assert_eq!(event(&received(&mut availability).unwrap()).event_type, "resource.created");
    assert_eq!(event(&received(&mut reports).unwrap()).event_type, "reservation.created");
    assert!(availability.next().now_or_never().is_none());
    assert!(reports.next().now_or_never().is_none());
}

#[test]
fn a_failure_is_reported_only_once_every_consumer_has_settled() {
    let road = forked();
    let mut availability = road.subscribe(Source::Service(Service::Availability));
    let mut reports = road.subscribe(Source::Service(Service::Reports));
    let mut confirmed = Box::pin(road.publish(envelope::<ResourceCreated>(1), false));
    received(&mut availability).unwrap().reject("no".to_owned());
    assert_eq!((&mut confirmed).now_or_never(), None);
    received(&mut reports).unwrap().ack();
    assert_eq!(confirmed.now_or_never(), unhandled(Service::Availability, "no"));
}

#[test]
fn an_absent_consumer_does_not_hold_up_the_others() {
    let road = forked();
    let mut reports = road.subscribe(Source::Service(Service::Reports));
    let confirmed = road.publish(envelope::<ResourceCreated>(1), false);
    received(&mut reports).unwrap().ack();
    let absent = PublishError::NoConsumer { consumer: Service::Availability };
    assert_eq!(confirmed.now_or_never(), Some(Err(absent)));
}

#[tokio::test]
async fn a_new_subscription_replaces_the_old_one() {
    let transport = availability_only();
    let mut old = transport.subscribe(Source::Service(Service::Availability));
    let in_hand = transport.publish(envelope::<ResourceCreated>(1), false);
    let in_line = transport.publish(envelope::<ResourceCreated>(2), false);
    let first = received(&mut old).unwrap();

    let mut new = transport.subscribe(Source::Service(Service::Availability));
    assert_eq!(in_line.await, unhandled(Service::Availability, DROPPED).unwrap());
    assert!(old.next().await.is_none());
    first.ack();
    assert_eq!(in_hand.await, Ok(()));

    drop(old);
    let again = transport.publish(envelope::<ResourceCreated>(2), false);
    received(&mut new).unwrap().ack();
    assert_eq!(again.await, Ok(()));
}

#[tokio::test]
async fn a_replaced_subscription_that_waits_is_told() {
    let transport = availability_only();
    let mut old = transport.subscribe(Source::Service(Service::Availability));
    let waiting = tokio::spawn(async move { old.next().await.is_none() });
    tokio::task::yield_now().await;
    let _new = transport.subscribe(Source::Service(Service::Availability));
    assert!(waiting.await.unwrap());
}

#[test]
fn a_publisher_that_gives_up_withdraws_only_what_had_no_room() {
    let road = Transport::InProcess(InProcess::with_capacity(&[Service::Availability], 2));
    let mut subscription = road.subscribe(Source::Service(Service::Availability));
    let [first, _second, third, _fourth] =
        [1, 2, 3, 4].map(|version| road.publish(envelope::<ResourceCreated>(version), false));
    drop((first, third));
    for version in [1, 2, 4] {
        assert_eq!(event(&received(&mut subscription).unwrap()).version, version);
    }
    assert!(subscription.next().now_or_never().is_none());
}

#[derive(Debug, Clone)]
enum Step {
    Publish,
    PollOldest,
    Receive,
    Settle { index: prop::sample::Index, handled: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Publish),
        1 => Just(Step::PollOldest),
        2 => Just(Step::Receive),
        2 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(index, handled)| Step::Settle { index, handled }),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    /// Whatever the capacity and however publishing, polling and settling interleave: events arrive in the order of
    /// the calls, and each is confirmed if and only if it was handled.
    #[test]
    fn events_arrive_in_the_order_of_the_calls(steps in steps(), capacity in 1_usize..5) {
        let road = Transport::InProcess(InProcess::with_capacity(&[Service::Availability], capacity));
        let mut subscription = road.subscribe(Source::Service(Service::Availability));
        let (mut publishing, mut in_hand, mut arrived) = (Vec::new(), Vec::new(), Vec::new());
        let mut settled = BTreeMap::new();
        for step in steps {
            match step {
                Step::Publish => {
                    let version = publishing.len() as i64 + 1;
                    publishing.push(Box::pin(road.publish(envelope::<ResourceCreated>(version), false).fuse()));
                }
                Step::PollOldest => {
                    let unsettled = publishing.iter_mut().enumerate().find(|(at, _)| !settled.contains_key(&(*at as i64 + 1)));
                    if let Some((_, future)) = unsettled {
                        prop_assert_eq!(future.now_or_never(), None);
                    }
                }
                Step::Receive => {
                    if let Some(delivery) = subscription.next().now_or_never().flatten() {
                        arrived.push(event(&delivery).version);
                        in_hand.push(delivery);
                    }
                }
                Step::Settle { index, handled } if !in_hand.is_empty() => {
                    let delivery: Delivery = in_hand.swap_remove(index.index(in_hand.len()));
                    settled.insert(event(&delivery).version, handled);
                    if handled { delivery.ack() } else { delivery.reject("no".to_owned()) }
                }
                Step::Settle { .. } => {}
            }
        }
        prop_assert_eq!(&arrived, &(1..=arrived.len() as i64).collect::<Vec<_>>());
        for (at, future) in publishing.into_iter().enumerate() {
            let expected = settled.get(&(at as i64 + 1)).copied();
            prop_assert_eq!(future.now_or_never().map(|outcome| outcome.is_ok()), expected);
        }
    }
}
