use std::process::Command;

use super::*;
use crate::transport::rabbitmq::administration::tests::broker::skip;

/// Sets the share of memory from which on the broker takes no messages.
fn set_watermark(control: &str, share: &str) {
    let status = Command::new(control).args(["set_vm_memory_high_watermark", share]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[tokio::test]
async fn a_broker_without_memory_opens_the_circuit_until_it_has_some() {
    let test = "a_broker_without_memory";
    let Some(control) = std::env::var_os("BOOKLY_TEST_RABBITMQCTL") else {
        return skip(test, "BOOKLY_TEST_RABBITMQCTL");
    };
    let control = control.into_string().unwrap();
    let _alarm = ALARM.write().await;
    let Some(road) = Road::amid_alarm(test).await else { return };
    let mut subscription = road.transport.subscribe(availability());
    road.publish_until_confirmed(&envelope::<ResourceCreated>(1)).await;
    set_watermark(&control, "0.00001");
    // The broker says that it is blocked when something is published: this one waits, or is turned down.
    let first = tokio::spawn(road.transport.publish(envelope::<ResourceCreated>(2), false));
    eventually("the alarm is told", || async { road.troubles().contains("RabbitMQ takes no messages (") }).await;
    assert!(road.transport.available().now_or_never().is_none());
    let turned_down = road.transport.publish(envelope::<ResourceCreated>(3), false).now_or_never();
    assert!(
        matches!(&turned_down, Some(Err(PublishError::Unavailable(reason))) if reason.contains("takes no messages"))
    );
    // Consuming goes on, which is how a broker gets its memory back.
    assert_eq!(version(&next(&mut subscription).await), 1);
    set_watermark(&control, "0.4");
    in_time("the release", road.transport.available()).await;
    assert_eq!(in_time("the confirm", first).await.unwrap(), Ok(()));
    assert_eq!(road.publish(&envelope::<ResourceCreated>(3)).await, Ok(()));
    road.well().await;
    road.close().await;
}
