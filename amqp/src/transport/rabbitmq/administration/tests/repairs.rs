use super::*;

async fn repair(broker: &Broker, hook: &Hook, recreate: Recreate) -> Applied {
    apply(&hook.options(broker.url()), Some(&broker.live().await), recreate).await.unwrap()
}

async fn publish(broker: &Broker, queue: &str) {
    let path = format!("/api/exchanges/{}/amq.default/publish", broker.vhost());
    let message = json!({ "properties": {}, "routing_key": queue, "payload": "x", "payload_encoding": "string" });
    broker.api(Method::POST, &path, message).await;
}

#[tokio::test]
async fn an_empty_broker_is_filled() {
    let Some(broker) = Broker::for_test("an_empty_broker_is_filled").await else { return };
    let hook = Hook::default();
    let before = inspect(&broker.url()).await.unwrap();
    let topology = Topology::of_catalogue();
    assert_eq!(before.len(), topology.exchanges.len() + topology.queues.len());
    assert_eq!(before, differences(&broker.live().await), "it looks the same over AMQP alone");
    let applied = repair(&broker, &hook, Recreate::Never).await;
    assert_eq!(applied.made.len(), topology.queues.len());
    assert_eq!(applied.remaining, []);
    assert_eq!(differences(&broker.live().await), []);
    assert_eq!(inspect(&broker.url()).await, Ok(vec![]));
    broker.close().await;
}

#[tokio::test]
async fn stale_bindings_go_and_missing_ones_come_back_with_their_events() {
    let Some(broker) = Broker::for_test("stale_bindings_go").await else { return };
    let hook = Hook::default();
    repair(&broker, &hook, Recreate::Never).await;
    hook.calls();
    let bindings = format!("/api/bindings/{}/e/{EXCHANGE}/q/bookly.reports", broker.vhost());
    broker.api(Method::POST, &bindings, json!({ "routing_key": "reservation.imagined" })).await;
    broker.api(Method::DELETE, &format!("{bindings}/reservation.created"), Value::Null).await;
    put_queue(&broker, "theirs", json!({})).await;
    let theirs = format!("/api/bindings/{}/e/{EXCHANGE}/q/theirs", broker.vhost());
    broker.api(Method::POST, &theirs, json!({ "routing_key": "#" })).await;
    let problems: Vec<_> = differences(&broker.live().await).iter().map(|difference| difference.problem).collect();
    assert_eq!(problems, [Problem::Missing, Problem::Stale]);
    let applied = repair(&broker, &hook, Recreate::Never).await;
    assert_eq!(applied.unbound, [Subject::of_binding(EXCHANGE, "bookly.reports", "reservation.imagined")]);
    assert_eq!(hook.calls(), [[Service::Reports], [Service::Reports]]);
    let live = broker.live().await;
    assert_eq!(differences(&live), []);
    assert!(live.bindings.iter().any(|binding| binding.destination == "theirs" && binding.source == EXCHANGE));
    broker.close().await;
}

#[tokio::test]
async fn a_wrong_queue_is_made_anew_only_when_nothing_is_lost_or_somebody_insists() {
    let Some(broker) = Broker::for_test("a_wrong_queue_is_made_anew").await else { return };
    let hook = Hook::default();
    put_queue(&broker, "bookly.reports", json!({ "x-queue-type": "classic" })).await;
    put_queue(&broker, "bookly.availability", json!({ "x-queue-type": "classic" })).await;
    publish(&broker, "bookly.availability").await;
    let untouched = repair(&broker, &hook, Recreate::Never).await;
    assert_eq!((untouched.recreated.len(), untouched.remaining.len()), (0, 2));
    hook.calls();
    let careful = repair(&broker, &hook, Recreate::WhenUnused).await;
    assert_eq!(careful.recreated, [Subject::Queue { name: "bookly.reports".to_owned() }]);
    assert_eq!(hook.calls(), [[Service::Reports]]);
    let [kept] = careful.remaining.as_slice() else { panic!("{careful:?}") };
    assert!(kept.to_string().contains("\"bookly.availability\""), "{kept}");
    assert!(kept.mend.contains("messages in it: 1, consumers: 0") && kept.mend.contains("--force"), "{kept}");
    let forced = repair(&broker, &hook, Recreate::Always).await;
    assert_eq!((forced.recreated.len(), forced.remaining.len()), (1, 0));
    assert_eq!(hook.calls(), [[Service::Availability]]);
    assert_eq!(differences(&broker.live().await), []);
    broker.close().await;
}

#[tokio::test]
async fn a_wrong_exchange_is_made_anew_unless_others_use_it() {
    let Some(broker) = Broker::for_test("a_wrong_exchange_is_made_anew").await else { return };
    let hook = Hook::default();
    let exchange = json!({ "type": "topic", "durable": true, "arguments": {} });
    broker.api(Method::PUT, &format!("/api/exchanges/{}/{EXCHANGE}", broker.vhost()), exchange).await;
    put_queue(&broker, "theirs", json!({})).await;
    let theirs = format!("/api/bindings/{}/e/{EXCHANGE}/q/theirs", broker.vhost());
    broker.api(Method::POST, &theirs, json!({ "routing_key": "#" })).await;
    let careful = repair(&broker, &hook, Recreate::WhenUnused).await;
    assert_eq!(careful.recreated, []);
    assert!(careful.remaining[0].mend.contains("--force"), "{careful:?}");
    let live = broker.live().await;
    assert!(differences(&live).iter().all(|difference| difference.problem == Problem::Wrong), "our bindings are back");
    delete_queue(&broker, "theirs").await;
    let again = repair(&broker, &hook, Recreate::WhenUnused).await;
    assert_eq!((again.recreated.len(), again.remaining.len()), (1, 0));
    assert_eq!(differences(&broker.live().await), []);
    broker.close().await;
}
