//! From a queue to a projection.

use std::thread;
use std::time::Duration;

use amqp::events::ReservationCreated;
use amqp::topology::{EXCHANGE, Queue, Topology, queue_name};
use amqp::{Event, Service};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, Text};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use lapin::message::Delivery;
use serde_json::{Value, json};

use super::Case;
use crate::broker::{Raw, VirtualHost};
use crate::figures::{Reach, Row};
use crate::postgres::{Database, number};
use crate::program::{Program, Setup, until};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::{Outcome, Scale, events};

/// The case.
pub const CASE: Case = Case {
    name: "consume",
    question: "How many events a second become rows of a projection?",
    method: "Ours: 50,000 reservation.created, one an aggregate, about 850 bytes each, are in `events` and in the queue of \
        the service reports before the program starts (PostgreSQL, no Redis). Timed from the moment the first is taken in to \
        that of the last, as the inbox notes them, so that neither the start of the program nor any looking on counts. Included, \
        for each event: reading, admission, inbox, the row of `report_reservations`, a commit, the acknowledgement (but for the \
        very first batch's way to the inbox and the very last one's commit and acknowledgement). \
        Reference: one lapin consumer takes in the same bodies from a queue with the same arguments, 300 at a time, reads \
        the JSON, writes one INSERT of 300 rows into a table without a key, and acknowledges all of them with one multiple \
        acknowledgement; timed from the first delivery to the last acknowledgement. It knows neither order nor repetition, and \
        takes one prefetch after the other, where Bookly works on several.",
    measure,
};

const EVENTS: usize = 50_000;
const PREFETCH: u16 = 300;
/// Unconfirmed messages while the scene is set.
const IN_FLIGHT: usize = 1_000;
/// How often it is looked whether all is done: seldom, for looking costs what is measured.
const LOOK: Duration = Duration::from_millis(200);

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let count = scale.of(EVENTS, 500);
    let bodies: Vec<String> = (0..count).map(events::reservation_created).collect::<Outcome<_>>()?;
    let (ours, theirs) = in_turn(scale, |_| project(servers, &bodies), |_| insert(servers, &bodies))?;
    let row = Row::beside(format!("a queue of {count} events"), "events/s", ours, theirs);
    Ok(vec![row.wanted(Reach::RatioAtLeast(0.5)).wanted(Reach::AtLeast(6_000.0))])
}

fn project(servers: &Servers, bodies: &[String]) -> Outcome<f64> {
    let (database, host) = (Database::empty(servers)?, VirtualHost::empty(servers)?);
    let setup = Setup { database_url: Some(database.url()), amqp_url: Some(host.url()), ..Setup::default() };
    prepare(servers, &setup)?;
    let mut connection = database.connect()?;
    connection.transaction(|connection| events::store(connection, bodies))?;
    let raw = Raw::connect(&host.url())?;
    raw.publish(EXCHANGE, ReservationCreated::TYPE, bodies, IN_FLIGHT)?;
    let program = Program::start(servers, &setup)?;
    let rows = "SELECT count(*) AS number FROM report_reservations";
    until("every row of the projection", || {
        thread::sleep(LOOK);
        Ok((number(&mut connection, rows)? >= i64::try_from(bodies.len())?).then_some(()))
    })?;
    let lasted =
        checked(&mut connection, bodies.len()).map_err(|error| format!("{error}; logged: {}", program.log()))?;
    Ok(between(bodies.len(), lasted))
}

/// Has the program make schema and topology, and ends it.
fn prepare(servers: &Servers, setup: &Setup) -> Outcome {
    let program = Program::start(servers, setup)?;
    let client = program.administrator()?;
    client.post("/categories", &json!({"name": "Before"}))?;
    client.settle()
}

/// How long the handling lasted, when each event was handled once and none was set aside.
fn checked(connection: &mut PgConnection, count: usize) -> Outcome<Duration> {
    let count = i64::try_from(count)?;
    let wanted = [
        ("rows in the projection", "report_reservations", count),
        ("rows in the inbox", "inbox WHERE consumer = 'reports'", count),
        ("dead letters", "dead_letters", 0),
    ];
    for (what, table, wanted) in wanted {
        let found = number(connection, &format!("SELECT count(*) AS number FROM {table}"))?;
        if found != wanted {
            return Err(format!("{found} {what} instead of {wanted}").into());
        }
    }
    let microseconds = number(
        connection,
        "SELECT (extract(epoch FROM max(handled_at) - min(handled_at)) * 1000000)::bigint AS number
         FROM inbox WHERE consumer = 'reports'",
    )?;
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

/// Events a second, where so many lie between the first and the last of `count`.
fn between(count: usize, lasted: Duration) -> f64 {
    count.saturating_sub(1) as f64 / lasted.as_secs_f64()
}

fn queue() -> Outcome<Queue> {
    let name = queue_name(Service::Reports);
    Ok(Topology::of_catalogue().queues.into_iter().find(|queue| queue.name == name).ok_or("reports has no queue")?)
}

fn insert(servers: &Servers, bodies: &[String]) -> Outcome<f64> {
    let (database, host) = (Database::empty(servers)?, VirtualHost::empty(servers)?);
    let mut connection = database.connect()?;
    connection.batch_execute(
        "CREATE TABLE plain (reservation_id uuid NOT NULL, resource_id uuid NOT NULL, user_id uuid NOT NULL,
                             starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, version bigint NOT NULL)",
    )?;
    let queue = queue()?;
    let raw = Raw::connect(&host.url())?;
    raw.declare(&queue)?;
    raw.publish("", &queue.name, bodies, IN_FLIGHT)?;
    let lasted = raw.consume(&queue.name, PREFETCH, bodies.len(), connection, insert_batch)?;
    let found = number(&mut database.connect()?, "SELECT count(DISTINCT reservation_id) AS number FROM plain")?;
    if usize::try_from(found)? != bodies.len() {
        return Err(format!("the reference wrote {found} rows of {}", bodies.len()).into());
    }
    Ok(bodies.len() as f64 / lasted.as_secs_f64())
}

fn insert_batch(connection: &mut PgConnection, batch: Vec<Delivery>) -> Outcome {
    let mut columns: [Vec<String>; 6] = Default::default();
    for delivery in batch {
        let values =
            values(&serde_json::from_slice(&delivery.data)?).ok_or("a body without the fields of the table")?;
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let [reservations, resources, users, starts, ends, versions] = columns;
    sql_query(
        "INSERT INTO plain SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[],
                                                $5::timestamptz[], $6::bigint[])",
    )
    .bind::<Array<Text>, _>(reservations)
    .bind::<Array<Text>, _>(resources)
    .bind::<Array<Text>, _>(users)
    .bind::<Array<Text>, _>(starts)
    .bind::<Array<Text>, _>(ends)
    .bind::<Array<Text>, _>(versions)
    .execute(connection)?;
    Ok(())
}

/// The values of a row, in the order of the table's columns.
fn values(envelope: &Value) -> Option<[String; 6]> {
    let text = |name: &str| envelope["data"][name].as_str().map(str::to_owned);
    let version = envelope["version"].as_i64()?.to_string();
    Some([text("reservationId")?, text("resourceId")?, text("userId")?, text("startTime")?, text("endTime")?, version])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_reads_what_travels() {
        let body = events::reservation_created(3).unwrap();
        let envelope: Value = serde_json::from_str(&body).unwrap();
        let values = values(&envelope).unwrap();
        assert_eq!((values[0].as_str(), values[5].as_str()), (envelope["aggregateId"].as_str().unwrap(), "1"));
        assert_eq!(super::values(&json!({"version": 1, "data": {}})), None);
    }

    #[test]
    fn the_reference_s_queue_is_like_ours() {
        let queue = queue().unwrap();
        assert!(queue.arguments.iter().any(|(name, _)| *name == "x-single-active-consumer"), "{queue:?}");
    }

    #[test]
    fn a_rate_counts_what_lies_between_first_and_last() {
        assert_eq!(between(101, Duration::from_secs(2)), 50.0);
    }
}
