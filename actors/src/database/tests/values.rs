//! Values come back as they went in.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::sql_types::{Id, Instant, Json, SqlId, SqlInstant, SqlJson};
use super::*;

#[derive(Debug, QueryableByName, PartialEq)]
struct Row {
    #[diesel(sql_type = SqlId)]
    id: Id,
    #[diesel(sql_type = SqlInstant)]
    at: Instant,
    #[diesel(sql_type = SqlJson)]
    document: Json,
}

/// From the year -2000 to the year 9999, to the microsecond.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let known = [0, -1, 1, 946_684_800_000_000, 946_684_799_999_999, 253_402_300_799_999_999];
    prop_oneof![prop::sample::select(known.to_vec()), -125_000_000_000_000_000..253_402_300_799_999_999_i64]
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("an instant"))
}

/// PostgreSQL keeps no NUL character in a document, and none is ever let in (`field.characters`).
fn texts() -> impl Strategy<Value = String> {
    "[^\\x00]{0,20}"
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..6).prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

async fn values_come_back(scratch: Scratch) {
    let database = scratch.open();
    let table = match scratch.engine() {
        Engine::Postgres => "CREATE TABLE kept (id uuid, at timestamptz, document json)",
        Engine::Sqlite => "CREATE TABLE kept (id blob, at integer, document text) STRICT",
    };
    run(&database, table).await.expect("a table");
    let check = || {
        let cases = (any::<u128>().prop_map(Uuid::from_u128), instants(), documents());
        let rows = prop::collection::vec(cases, 40);
        let config = Config { cases: 12, max_shrink_iters: 100, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&rows, |rows| {
            for (id, at, document) in rows {
                let row = Row { id: Id(id), at: Instant(at), document: Json(document) };
                let back = there_and_back(&database, &row);
                prop_assert_eq!(&back, &row);
                prop_assert_eq!(back.document.0.to_string(), row.document.0.to_string(), "the order of keys is kept");
            }
            Ok(())
        })
    };
    // On a thread without a runtime, since the property runner blocks.
    let checked = std::thread::scope(|scope| scope.spawn(check).join().expect("no panic"));
    checked.expect("every value comes back");
}

fn there_and_back(database: &Database, row: &Row) -> Row {
    let (id, at, document) = (row.id, row.at, row.document.clone());
    let stored = database.write(move |transaction| {
        let connection = transaction.connection();
        connection.batch_execute("DELETE FROM kept")?;
        sql_query("INSERT INTO kept VALUES ($1, $2, $3)")
            .bind::<SqlId, _>(id)
            .bind::<SqlInstant, _>(at)
            .bind::<SqlJson, _>(document)
            .execute(connection)?;
        Ok::<Row, Error>(sql_query("SELECT id, at, document FROM kept").get_result(connection)?)
    });
    scratch::block_on(stored).expect("stored")
}

async fn instants_are_in_order(scratch: Scratch) {
    let database = scratch.open();
    let table = match scratch.engine() {
        Engine::Postgres => "CREATE TABLE kept (at timestamptz)",
        Engine::Sqlite => "CREATE TABLE kept (at integer) STRICT",
    };
    run(&database, table).await.expect("a table");
    let base = DateTime::UNIX_EPOCH;
    let mut instants: Vec<DateTime<Utc>> = [-1, 0, 1, 400_000 * 86_400_000_000, -200_000 * 86_400_000_000]
        .map(|us| base + TimeDelta::microseconds(us))
        .to_vec();
    let stored = instants.clone();
    let found: Vec<DateTime<Utc>> = database
        .write(move |transaction| {
            for at in stored {
                sql_query("INSERT INTO kept VALUES ($1)")
                    .bind::<SqlInstant, _>(Instant(at))
                    .execute(transaction.connection())?;
            }
            let rows: Vec<At> = sql_query("SELECT at FROM kept ORDER BY at").load(transaction.connection())?;
            Ok::<_, Error>(rows.into_iter().map(|row| row.at.0).collect())
        })
        .await
        .expect("stored");
    instants.sort();
    assert_eq!(found, instants);
}

#[derive(QueryableByName)]
struct At {
    #[diesel(sql_type = SqlInstant)]
    at: Instant,
}

on_each_engine!(values_come_back, instants_are_in_order);

#[test]
fn what_is_stored_and_cannot_be_read_is_damage() {
    scratch::run(Engine::Sqlite, async |scratch| {
        let read = |connection: &mut DatabaseConnection| {
            Ok(each_engine!(connection, connection => {
                Prepared::<_, SqlJson>::new("SELECT '{'", &[]).get_result::<Json>(connection)
            })?)
        };
        let told: Result<Json, Error> = scratch.open().read(read).await;
        assert!(matches!(&told, Err(Error::Damaged(why)) if why.contains("'{'")), "{told:?}");
    });
}
