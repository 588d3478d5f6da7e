//! What filling leaves in the database, on both engines.

use std::cell::RefCell;

use amqp::{Service, catalogue};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::cache::CacheClient;
use crate::clock::Clock;
use crate::database::scratch::{Scratch, on_each_engine};
use crate::database::{Database, DatabaseConnection, Error as StorageError};
use crate::event_store::{outbox, recovery};
use crate::sample_data::{Error, Order, fill};
use crate::service::Campus;

on_each_engine!(every_row_of_every_reservation_is_there, only_an_empty_database_is_filled);

const ORDER: Order = Order { resources: 7, reservations: 6_000, seed: 11 };

fn campus(database: &Database) -> Campus {
    Campus {
        database: database.clone(),
        cache: CacheClient::in_process(),
        clock: Clock::manual("2026-03-04T15:00:00Z".parse().expect("an instant")),
        time_zone: chrono_tz::America::Bogota,
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(database: &Database, from: &'static str) -> i64 {
    let counted = database.read(move |connection: &mut DatabaseConnection| {
        let counted =
            diesel::sql_query(format!("SELECT count(*) AS count FROM {from}")).get_result::<Counted>(connection);
        Ok::<_, StorageError>(counted?.count)
    });
    counted.await.expect("counted")
}

async fn every_row_of_every_reservation_is_there(scratch: Scratch) {
    let database = scratch.open();
    let told = RefCell::new(Vec::new());
    let filled = fill(&campus(&database), ORDER, |written| told.borrow_mut().push(written)).await.expect("filled");
    assert_eq!((filled.resources, filled.reservations, filled.users), (7, 6_000, 240));
    assert!(told.borrow().is_sorted() && told.borrow().last() == Some(&6_000));
    for (table, rows) in [
        ("reservations", 6_000),
        ("occupancy", 6_000),
        ("report_reservations", 6_000),
        ("resources", 7),
        ("availability_profiles", 7),
        ("users", 240),
        ("events", 6_247),
        ("events WHERE version = 1", 6_247),
        ("inbox", 6_007),
        ("outbox", 0),
        ("reservations r JOIN users u ON u.id = r.user_id JOIN resources p ON p.id = r.resource_id", 6_000),
        ("reservations r JOIN events e ON e.aggregate_id = r.id AND e.recorded_at = r.created_at", 6_000),
        (
            "events e JOIN resources r ON r.created_at < e.recorded_at WHERE e.event_type = 'reservation.created'",
            42_000,
        ),
    ] {
        assert_eq!(count(&database, table).await, rows, "{table}");
    }
    let undelivered = database.read(|connection| {
        let unhandled: Result<Vec<i64>, _> =
            Service::ALL.into_iter().map(|service| recovery::count_unhandled(connection, service)).collect();
        Ok::<_, StorageError>((unhandled?.into_iter().sum::<i64>(), outbox::backlog(connection)?.waiting))
    });
    assert_eq!(undelivered.await.expect("counted"), (0, 0));
    assert_eq!(catalogue::find("reservation.created").map(|entry| entry.consumers), Some(&[Service::Reports][..]));
}

async fn only_an_empty_database_is_filled(scratch: Scratch) {
    let database = scratch.open();
    let small = Order { resources: 1, reservations: 10, seed: 1 };
    fill(&campus(&database), small, |_| ()).await.expect("filled");
    let refused = fill(&campus(&database), small, |_| panic!("something was written")).await;
    assert!(matches!(refused, Err(Error::NotEmpty)), "{refused:?}");
    assert_eq!((count(&database, "reservations").await, count(&database, "resources").await), (10, 1));
}
