//! Ten thousand messages that nobody can handle, from a program that does not know better.

use std::time::{Duration, Instant};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use uuid::Uuid;

use super::on_own_broker;
use super::planners::Planners;
use crate::harness::{Client, Installation, settle_within};

const MESSAGES: usize = 10_000;
const PER_SECOND: u32 = 2_000;
/// One of so many is a mebibyte long.
const LONG_ONES: usize = 200;
/// Resident memory that the process may gain, in MiB: what it holds at once is bounded, however long the flood lasts.
const GAIN_MIB: u64 = 128;

#[test]
fn all_of_it_is_parked_and_memory_stays_flat() {
    let Some((broker, installation)) = on_own_broker(module_path!()) else { return };
    let planners = Planners::gather(&installation, 500);
    planners.fill(50, || ());
    let before = resident_mib(installation.pid());
    let (url, administrator, mut most) = (broker.url(), installation.administrator(), before);
    std::thread::scope(|scope| {
        let flood = scope.spawn(move || publish(&url));
        settle_within(Duration::from_secs(300), "all of it is parked", || {
            most = most.max(resident_mib(installation.pid()));
            (parked(&administrator) == MESSAGES as u64).then_some(())
        });
        println!("{MESSAGES} published in {:?}", flood.join().expect("they are published"));
    });
    println!("resident: {before} MiB before, at most {most} MiB");
    assert!(most < before + GAIN_MIB, "{before} MiB before, {most} MiB at most");

    assert_eq!(listed(&installation), MESSAGES);
    // What is healthy passes all the while, and afterwards.
    planners.fill_on(50, || ());
    installation.check();
}

fn publish(url: &str) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("the broker answers");
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        let began = Instant::now();
        // What is late is sent without a pause.
        let mut pace = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
        for number in 0..MESSAGES {
            pace.tick().await;
            send(&channel, number).await;
        }
        // The library may send a close before messages that it was given earlier.
        channel.wait_for_confirms().await.expect("all are confirmed");
        connection.close(200, "done".into()).await.expect("closed");
        began.elapsed()
    })
}

async fn send(channel: &Channel, number: usize) {
    let (key, body) = message(number);
    let options = BasicPublishOptions::default();
    let sent = channel.basic_publish("bookly.events".into(), key.into(), options, &body, BasicProperties::default());
    drop(sent.await.expect("sent"));
}

/// One of the kinds of nonsense, with its routing key.
fn message(number: usize) -> (&'static str, Vec<u8>) {
    const ROUTED: &str = "reservation.created";
    if number.is_multiple_of(LONG_ONES) {
        return (ROUTED, vec![b'x'; 1024 * 1024 + 1]);
    }
    match number % 7 {
        0 => (ROUTED, format!("{{\"eventId\": {number}").into_bytes()),
        1 => (ROUTED, with("version", json!("seven"))),
        2 => (ROUTED, "[".repeat(5_000).into_bytes()),
        3 => (ROUTED, vec![0xff, 0xfe, 0x00, 0x80]),
        4 => (ROUTED, with("aggregateId", Value::Null)),
        5 => ("campus.closed", with("eventType", json!("campus.closed"))),
        _ => (ROUTED, with("data", json!({"reservationId": "not an id"}))),
    }
}

/// An envelope with one field that is wrong.
fn with(field: &str, value: Value) -> Vec<u8> {
    let mut envelope = json!({
        "eventId": Uuid::now_v7(), "eventType": "reservation.created", "service": "availability-service",
        "timestamp": "2026-03-02T12:00:00Z", "aggregateId": Uuid::now_v7(), "aggregateType": "Reservation", "version": 1,
        "data": {}, "metadata": {"schemaVersion": 1, "correlationId": Uuid::now_v7()},
    });
    envelope[field] = value;
    envelope.to_string().into_bytes()
}

fn parked(administrator: &Client) -> u64 {
    let stats = administrator.get("/admin/dead-letters/stats").expect(200);
    stats["total"].as_u64().expect("a total")
}

fn listed(installation: &Installation) -> usize {
    let administrator = installation.administrator();
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = administrator.get(&format!("/admin/dead-letters?limit=200{cursor}")).expect(200);
        count += page["items"].as_array().expect("items").len();
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") / 1024
}
