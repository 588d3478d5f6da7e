//! The way of an event from its commit to its effect, with supervised actors over the in-process road.

mod batches;
mod loss;

use std::sync::Arc;
use std::time::Duration;

use amqp::events::{ReservationCancelled, ReservationCreated, ReservationUpdated};
use amqp::retry::{Policies, Policy};
use amqp::{Service, Transport};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use uuid::Uuid;

use crate::availability::{Availability, model::ReservationEvent};
use crate::bridge::{Bridge, Parts};
use crate::cache::CacheClient;
use crate::clock::Clock;
use crate::database::scratch::{Scratch, on_each_engine, settle};
use crate::database::sql_types::{Id, SqlId};
use crate::database::{Database, Engine, Error};
use crate::dead_letters::{self, DeadLetters};
use crate::event_store::{Origin, Recorded, append, outbox, recovery};
use crate::handling::Handling;
use crate::relay::Relay;
use crate::reports::Reports;
use crate::service::Campus;
use crate::supervision::{Backoff, Intensity, Life, Running, child, supervisor};
use crate::wiring::Consumers;

/// Notes each version that the reports take in, in the order in which they do, and lets those of the blocked fail.
const WITNESS_SQLITE: &str = "
    CREATE TABLE blocked (id blob NOT NULL);
    CREATE TABLE seen (number integer PRIMARY KEY AUTOINCREMENT, id blob NOT NULL, version integer NOT NULL);
    CREATE TRIGGER inserted AFTER INSERT ON report_reservations BEGIN
        SELECT RAISE(ABORT, 'on purpose') WHERE EXISTS (SELECT 1 FROM blocked WHERE id = NEW.reservation_id);
        INSERT INTO seen (id, version) VALUES (NEW.reservation_id, NEW.version);
    END;
    CREATE TRIGGER updated AFTER UPDATE ON report_reservations BEGIN
        SELECT RAISE(ABORT, 'on purpose') WHERE EXISTS (SELECT 1 FROM blocked WHERE id = NEW.reservation_id);
        INSERT INTO seen (id, version) VALUES (NEW.reservation_id, NEW.version);
    END;";
const WITNESS_POSTGRES: &str = "
    CREATE TABLE blocked (id uuid NOT NULL);
    CREATE TABLE seen (number bigserial PRIMARY KEY, id uuid NOT NULL, version bigint NOT NULL);
    CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM blocked WHERE id = NEW.reservation_id) THEN RAISE EXCEPTION 'on purpose'; END IF;
        INSERT INTO seen (id, version) VALUES (NEW.reservation_id, NEW.version);
        RETURN NEW;
    END $$;
    CREATE TRIGGER witness AFTER INSERT OR UPDATE ON report_reservations FOR EACH ROW EXECUTE FUNCTION witness();";

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = SqlId)]
    id: Id,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    version: i64,
}

/// The road from the outbox to the reports, supervised.
struct Road {
    database: Database,
    transport: Transport,
    handling: Handling,
    tree: Running,
}

impl Road {
    async fn open(scratch: &Scratch) -> Self {
        let database = scratch.open();
        let witness = match database.engine() {
            Engine::Sqlite => WITNESS_SQLITE,
            Engine::Postgres => WITNESS_POSTGRES,
        };
        let clock = Clock::system();
        let campus = Campus {
            database: database.clone(),
            cache: CacheClient::in_process(),
            clock: clock.clone(),
            time_zone: chrono_tz::UTC,
        };
        let transport = Transport::in_process(&[Service::Availability, Service::Reports]);
        let copy = campus.clone();
        let (availability, availability_spec) =
            child("availability", move |_: &Life| Ok(Availability::new(copy.clone()))).build();
        let copy = campus.clone();
        let (reports, reports_spec) = child("reports", move |_: &Life| Ok(Reports::new(copy.clone()))).build();
        let consumers = Consumers { availability, reports };
        let parked = dead_letters::wakeup();
        let handling = Handling::new(campus.clone(), consumers, policies(), Arc::clone(&parked));
        let (road, hands, time) = (transport.clone(), handling.clone(), clock.clone());
        let replay = handling.replay();
        let (_, bridge) = child("bridge", move |life: &Life| {
            let (transport, handling, clock) = (road.clone(), hands.clone(), time.clone());
            let services = handling.services().collect();
            Ok(Bridge::new(Parts { transport, handling, services, clock, life: life.clone() }))
        })
        .build();
        let (copy, path) = (campus.clone(), transport.clone());
        let (_, relay) =
            child("relay", move |life: &Life| Ok(Relay::new(copy.clone(), path.clone(), policies(), life.clone())))
                .build();
        let (_, letters) = child("dead-letters", move |life: &Life| {
            let policies = Arc::new(policies());
            let (replay, parked) = (Arc::clone(&replay), Arc::clone(&parked));
            Ok(DeadLetters::new(campus.clone(), policies, replay, parked, life.clone()))
        })
        .build();
        let tree = supervisor("root")
            .intensity(Intensity { restarts: 1_000, within: Duration::from_secs(60) })
            .backoff(Backoff { base: Duration::ZERO, cap: Duration::ZERO })
            .child(availability_spec)
            .child(reports_spec)
            .child(bridge)
            .child(relay)
            .child(letters)
            .start();
        let road = Self { database, transport, handling, tree };
        road.execute(witness.to_owned()).await;
        road
    }

    async fn execute(&self, statement: String) {
        let work = self
            .database
            .write(move |transaction| transaction.connection().batch_execute(&statement).map_err(Error::from));
        work.await.expect("executed");
    }

    async fn block(&self, number: u128) {
        let id = Id(Uuid::from_u128(number));
        let work = self.database.write(move |transaction| {
            let insert = sql_query("INSERT INTO blocked VALUES ($1)").bind::<SqlId, _>(id);
            insert.execute(transaction.connection()).map_err(Error::from)
        });
        work.await.expect("blocked");
    }

    /// One commit an event, as commands make them.
    async fn append(&self, number: u128, versions: std::ops::RangeInclusive<i64>, last: i64) {
        for version in versions {
            let recorded = [Recorded { version, event: event(number, version, version == last) }];
            let origin = Origin::new(&Clock::system(), None);
            self.database.write(move |transaction| append(transaction, &origin, &recorded)).await.expect("appended");
        }
    }

    async fn seen(&self) -> Vec<(u128, i64)> {
        let read = self.database.read(|connection| {
            sql_query("SELECT id, version FROM seen ORDER BY number").load::<Seen>(connection).map_err(Error::from)
        });
        read.await.expect("seen").into_iter().map(|seen| (seen.id.0.as_u128(), seen.version)).collect()
    }

    async fn waiting(&self) -> i64 {
        self.database.read(outbox::backlog).await.expect("a backlog").waiting
    }

    async fn is_done(&self) {
        settle("every event is handled", async || {
            let waiting = self.waiting().await + self.letters().await + self.unhandled().await;
            (waiting == 0).then_some(())
        })
        .await;
    }

    async fn letters(&self) -> i64 {
        let count = self.database.read(|connection| dead_letters::unresolved_count(connection, None));
        count.await.expect("a count")
    }

    async fn unhandled(&self) -> i64 {
        let count = self.database.read(|connection| recovery::count_unhandled(connection, Service::Reports));
        count.await.expect("a count")
    }
}

/// As many attempts as are needed, without long pauses.
fn policies() -> Policies {
    let backoff = amqp::retry::Backoff::Fixed { delay_ms: 50 };
    Policies { default: Policy::Retry { attempts: 100, backoff }, ..Policies::default() }
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

fn event(number: u128, version: i64, last: bool) -> ReservationEvent {
    let (reservation_id, nobody) = (Uuid::from_u128(number), Uuid::nil());
    let (start_time, end_time) = (at(), at() + TimeDelta::hours(1));
    if version == 1 {
        ReservationEvent::Created(ReservationCreated {
            reservation_id,
            resource_id: nobody,
            user_id: nobody,
            start_time,
            end_time,
            purpose: None,
            created_by: nobody,
            series_id: None,
            program_id: None,
            duration_minutes: 60,
            participants: Vec::new(),
            requires_approval: false,
        })
    } else if last {
        ReservationEvent::Cancelled(ReservationCancelled {
            reservation_id,
            resource_id: nobody,
            user_id: nobody,
            start_time,
            end_time,
            reason: None,
            cancelled_by: nobody,
            late: false,
        })
    } else {
        let end = at() + TimeDelta::minutes(60 + version);
        let changes = [("endTime".to_owned(), serde_json::json!(end))].into_iter().collect();
        ReservationEvent::Updated(ReservationUpdated {
            reservation_id,
            resource_id: None,
            user_id: None,
            changes,
            previous_values: None,
            updated_by: nobody,
        })
    }
}

async fn every_event_has_its_effect_once(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    for number in 1..=20 {
        road.append(number, 1..=3, 3).await;
    }
    road.is_done().await;
    let seen = road.seen().await;
    assert_eq!(seen.len(), 60);
    in_order(&seen, 1..=20, 3);
    road.tree.stop().await;
}

async fn a_failing_event_holds_up_its_aggregate_and_nobody_else(scratch: Scratch) {
    let road = Road::open(&scratch).await;
    road.block(1).await;
    road.append(1, 1..=3, 3).await;
    road.append(2, 1..=3, 3).await;
    settle("the first is parked, and its successors behind it", async || (road.letters().await == 3).then_some(()))
        .await;
    settle("the second is through", async || (road.unhandled().await == 0).then_some(())).await;
    in_order(&road.seen().await, 2..=2, 3);
    assert!(road.seen().await.iter().all(|seen| seen.0 != 1));
    road.execute("DELETE FROM blocked".to_owned()).await;
    road.is_done().await;
    in_order(&road.seen().await, 1..=2, 3);
    road.tree.stop().await;
}

/// 2,000 events, while consumers fail and actors panic at random.
async fn order_and_completeness_survive_trouble(scratch: Scratch) {
    const AGGREGATES: u128 = 400;
    let road = Road::open(&scratch).await;
    let mut random = fastrand::Rng::with_seed(11);
    let append_all = async {
        for part in 1..=AGGREGATES / 20 {
            let numbers = (part - 1) * 20 + 1..=part * 20;
            futures_util::future::join_all(numbers.map(|number| road.append(number, 1..=5, 5))).await;
        }
    };
    let trouble = async {
        for round in 1..=12 {
            let enough =
                settle("some are through", async || Some(road.seen().await.len()).filter(|seen| *seen >= round * 60));
            enough.await;
            road.execute("DELETE FROM blocked".to_owned()).await;
            for _ in 0..5 {
                road.block(random.u128(1..=AGGREGATES)).await;
            }
            let path = ["root/relay", "root/bridge", "root/reports", "root/dead-letters"][random.usize(..4)];
            road.tree.inject_panic(path).await.expect("a path");
        }
        road.execute("DELETE FROM blocked".to_owned()).await;
    };
    futures_util::join!(append_all, trouble);
    road.is_done().await;
    in_order(&road.seen().await, 1..=AGGREGATES, 5);
    let restarts: u64 = road.tree.tree().children.iter().map(|node| node.restart_count).sum();
    assert!(restarts > 0, "there was trouble");
    road.tree.stop().await;
}

/// Each aggregate's versions were taken in once, in order and to the last.
fn in_order(seen: &[(u128, i64)], numbers: std::ops::RangeInclusive<u128>, last: i64) {
    for number in numbers {
        let versions: Vec<i64> = seen.iter().filter(|one| one.0 == number).map(|one| one.1).collect();
        assert_eq!(versions, (1..=last).collect::<Vec<_>>(), "aggregate {number}");
    }
}

on_each_engine!(
    every_event_has_its_effect_once,
    a_failing_event_holds_up_its_aggregate_and_nobody_else,
    order_and_completeness_survive_trouble,
);
