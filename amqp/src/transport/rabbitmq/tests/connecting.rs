use super::*;

/// What a road to that address says about itself.
async fn said(url: String, expected: &str) -> String {
    let transport = transport(url, Arc::default());
    let driver = drive(&transport);
    let said = || transport.condition().troubles.join("\n");
    // Publishing is turned down with the same words as soon as its own connection has failed.
    let turned_down = || transport.publish(envelope::<ResourceCreated>(1), false);
    eventually(expected, || async { said().contains(expected) }).await;
    assert!(transport.available().now_or_never().is_none());
    eventually("publishing is turned down in the same words", || async {
        matches!(turned_down().await, Err(PublishError::Unavailable(reason)) if reason.contains(expected))
    })
    .await;
    assert!(!driver.is_finished(), "it is tried again for ever");
    driver.abort();
    said()
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told() {
    let said = said("amqp://u:secret@127.0.0.1:1".to_owned(), "RabbitMQ at 127.0.0.1:1 cannot be reached: ").await;
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(said.matches("cannot be reached").count(), 1, "once is enough: {said}");
}

#[tokio::test]
async fn a_user_and_a_virtual_host_that_are_refused_are_told() {
    let Some(broker) = TestBroker::for_test("a_user_and_a_virtual_host").await else { return };
    let host = format!("{}:{}", broker.address.host, broker.address.port);
    let text =
        said(format!("amqp://nobody:secret@{host}/{}", broker.vhost()), "refuses the user nobody: check AMQP_URL")
            .await;
    assert!(!text.contains("secret"), "{text}");
    let user = format!("{}:{}", broker.address.user, broker.address.password);
    said(format!("amqp://{user}@{host}/nowhere"), "refuses the virtual host \"nowhere\": check AMQP_URL").await;
    broker.close().await;
}

#[tokio::test]
async fn an_address_that_is_none_ends_the_drive() {
    let transport = transport("amqp:u:secret".to_owned(), Arc::default());
    let reason = in_time("the end", transport.drive()).await;
    assert!(reason.contains("amqp://user:password@host:port/vhost") && !reason.contains("secret"), "{reason}");
    assert_eq!(transport.condition().troubles, [reason]);
}

#[tokio::test]
async fn a_driver_that_ends_fails_what_is_unconfirmed_and_the_next_one_begins_anew() {
    let Some(road) = Road::for_test("a_driver_that_ends").await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.transport.available().await;
    let publishing = (1..=500).map(|version| road.transport.publish(envelope::<ResourceCreated>(version), false));
    let publishing = tokio::spawn(join_all(publishing.collect::<Vec<_>>()));
    tokio::task::yield_now().await;
    road.driver.abort();
    let outcomes = in_time("every publish ends", publishing).await.unwrap();
    assert!(matches!(outcomes.last(), Some(Err(PublishError::Unavailable(_)))), "{:?}", outcomes.last());
    eventually("the road says that it rests", || async { road.troubles().contains("not running") }).await;
    assert!(road.transport.available().now_or_never().is_none());
    let refused = road.publish(&envelope::<ResourceCreated>(1)).await;
    assert!(
        matches!(&refused, Err(PublishError::Unavailable(reason)) if reason.contains("not running")),
        "{refused:?}"
    );

    let driver = drive(&road.transport);
    road.publish_until_confirmed(&envelope::<ResourceCreated>(501)).await;
    while version(&next(&mut subscription).await) != 501 {}
    road.well().await;
    driver.abort();
    road.close().await;
}

#[tokio::test]
async fn each_connection_has_its_name() {
    let Some(road) = Road::for_test("each_connection_has_its_name").await else { return };
    let _subscription = road.transport.subscribe(availability());
    road.well().await;
    let path = format!("/api/vhosts/{}/connections", road.broker.vhost());
    eventually("three connections", || async {
        let connections = road.broker.api(Method::GET, &path, Value::Null).await;
        let name = |connection: &Value| connection["client_properties"]["connection_name"].as_str().map(str::to_owned);
        let mut names: Vec<_> = connections.as_array().unwrap().iter().filter_map(name).collect();
        names.sort();
        names == ["bookly administration", "bookly consuming", "bookly publishing"]
    })
    .await;
    road.close().await;
}
