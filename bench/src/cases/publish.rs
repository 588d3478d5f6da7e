//! Emptying the outbox into RabbitMQ.

use std::time::{Duration, Instant};

use amqp::Event;
use amqp::events::CategoryUpdated;
use amqp::topology::{Argument, EXCHANGE, Queue};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::json;

use super::Case;
use crate::broker::{Raw, VirtualHost};
use crate::figures::{Reach, Row};
use crate::postgres::{Database, number};
use crate::program::{Client, Program, Setup, until};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::{Outcome, Scale, events};

/// The case.
pub const CASE: Case = Case {
    name: "publish",
    question: "How many events a second does a full outbox give to RabbitMQ?",
    method: "Ours: 50,000 events of a type that nobody consumes (category.updated, one an aggregate, about 850 bytes each) \
        are put into `events` and `outbox` in one transaction while the program runs on PostgreSQL without Redis; a small \
        write over HTTP wakes the relay. Timed from just before that write until the outbox is empty, looked at every 5 ms \
        by the position of the last event. Included: claiming, reading, publishing with all properties, confirms, taking \
        them out of the outbox; neither raising nor handling them. Reference: one lapin connection publishes the same bodies \
        straight from memory to its queue, 1,000 in flight (Bookly has up to 2,000 on their way), with no property but the delivery mode; timed until the last \
        confirm. Both: mandatory, persistent, confirmed, into one quorum queue of a virtual host that is new in each round; \
        the number of messages in the queue is checked afterwards.",
    measure,
};

const EVENTS: usize = 50_000;
const IN_FLIGHT: usize = 1_000;
const QUEUE: &str = "bench.publish";

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let count = scale.of(EVENTS, 500);
    let bodies: Vec<String> = (0..count).map(events::category_updated).collect::<Outcome<_>>()?;
    let (ours, theirs) = in_turn(scale, |_| drain(servers, &bodies), |_| publish(servers, &bodies))?;
    let row = Row::beside(format!("an outbox of {count} events"), "events/s", ours, theirs);
    Ok(vec![row.wanted(Reach::RatioAtLeast(0.6))])
}

fn queue() -> Queue {
    Queue { name: QUEUE.to_owned(), arguments: vec![("x-queue-type", Argument::Text("quorum"))] }
}

fn rate(bodies: &[String], lasted: Duration) -> f64 {
    bodies.len() as f64 / lasted.as_secs_f64()
}

fn publish(servers: &Servers, bodies: &[String]) -> Outcome<f64> {
    let host = VirtualHost::empty(servers)?;
    let raw = Raw::connect(&host.url())?;
    raw.declare(&queue())?;
    let lasted = raw.publish("", QUEUE, bodies, IN_FLIGHT)?;
    check(&raw, bodies)?;
    Ok(rate(bodies, lasted))
}

fn drain(servers: &Servers, bodies: &[String]) -> Outcome<f64> {
    let (database, host) = (Database::empty(servers)?, VirtualHost::empty(servers)?);
    let setup = Setup { database_url: Some(database.url()), amqp_url: Some(host.url()), ..Setup::default() };
    let program = Program::start(servers, &setup)?;
    let client = program.administrator()?;
    // Once an event has been delivered, the exchange is there and the publisher attached.
    wake(&client, "Before")?;
    client.settle()?;
    let raw = Raw::connect(&host.url())?;
    raw.declare(&queue())?;
    raw.bind(QUEUE, EXCHANGE, CategoryUpdated::TYPE)?;
    let mut connection = database.connect()?;
    let last = fill(&mut connection, bodies)?;
    let began = Instant::now();
    wake(&client, "Now")?;
    gone(&mut connection, &format!("WHERE position = {last}"))?;
    gone(&mut connection, "")?;
    let lasted = began.elapsed();
    check(&raw, bodies).map_err(|error| format!("{error}; logged: {}", program.log()))?;
    Ok(rate(bodies, lasted))
}

/// Raises an event that nobody consumes and the queue is not bound to.
fn wake(client: &Client, name: &str) -> Outcome {
    client.post("/categories", &json!({"name": name})).map(drop)
}

/// Puts the events into the store and the outbox; the position of the last.
fn fill(connection: &mut PgConnection, bodies: &[String]) -> Outcome<i64> {
    connection.transaction(|connection| {
        events::store(connection, bodies)?;
        connection.batch_execute(
            "INSERT INTO outbox (position, aggregate_id, due_at)
             SELECT position, aggregate_id, recorded_at FROM events
             WHERE transaction_id = pg_current_xact_id() ORDER BY position",
        )?;
        number(connection, "SELECT max(position) AS number FROM outbox")
    })
}

fn gone(connection: &mut PgConnection, which: &str) -> Outcome {
    let query = format!("SELECT count(*) AS number FROM outbox {which}");
    until("an empty outbox", || Ok((number(connection, &query)? == 0).then_some(())))
}

/// Whether the queue holds every event once, and as it was.
fn check(raw: &Raw, bodies: &[String]) -> Outcome {
    let arrived = until("every message", || Ok(Some(raw.count(QUEUE)?).filter(|count| *count >= bodies.len())))?;
    if arrived != bodies.len() {
        return Err(format!("{arrived} messages of {} events", bodies.len()).into());
    }
    let first = raw.take(QUEUE)?;
    if bodies.iter().all(|body| body.as_bytes() != first) {
        return Err(format!("another body than was stored: {}", String::from_utf8_lossy(&first)).into());
    }
    Ok(())
}
