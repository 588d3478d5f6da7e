use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::*;
use crate::database::{Database, Location};

struct Store {
    database: Database,
    _directory: tempfile::TempDir,
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
}

fn key() -> Key {
    Key { caller_id: Uuid::from_u128(1), key: "k-1".to_owned() }
}

fn answer() -> StoredAnswer {
    StoredAnswer { status: 201, headers: vec![("etag".into(), "\"1\"".into())], body: "{}".into() }
}

impl Store {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = Database::open(Location::Sqlite(directory.path().join("bookly.db"))).expect("opens");
        Self { database, _directory: directory }
    }

    async fn start(&self, key: Key, fingerprint: &'static str, now: DateTime<Utc>) -> Start {
        self.database.write(move |transaction| start(transaction, &key, fingerprint, now)).await.expect("starts")
    }

    async fn finish(&self, started_at: DateTime<Utc>) {
        let done: Result<(), Error> =
            self.database.write(move |transaction| finish(transaction, &key(), started_at, &answer())).await;
        done.expect("finishes");
    }

    async fn forget(&self, started_at: DateTime<Utc>) {
        let done: Result<(), Error> =
            self.database.write(move |transaction| forget(transaction, &key(), started_at)).await;
        done.expect("forgets");
    }

    async fn rows(&self) -> i64 {
        let count: Result<i64, Error> =
            self.database.read(|connection| Ok(idempotent_requests::table.count().get_result(connection)?)).await;
        count.expect("counts")
    }
}

#[actix_rt::test]
async fn a_request_that_was_done_has_its_answer() {
    let store = Store::new();
    assert_eq!(store.start(key(), "a", at(0)).await, Start::Fresh);
    assert_eq!(store.start(key(), "a", at(1)).await, Start::InProgress);
    store.finish(at(0)).await;
    assert_eq!(store.start(key(), "a", at(2)).await, Start::Finished(answer()));
    assert_eq!(store.start(key(), "b", at(2)).await, Start::OtherRequest);
}

#[actix_rt::test]
async fn a_key_belongs_to_its_caller() {
    let store = Store::new();
    let other = Key { caller_id: Uuid::from_u128(2), ..key() };
    assert_eq!(store.start(key(), "a", at(0)).await, Start::Fresh);
    assert_eq!(store.start(other, "b", at(0)).await, Start::Fresh);
}

#[actix_rt::test]
async fn a_forgotten_request_is_begun_again() {
    let store = Store::new();
    assert_eq!(store.start(key(), "a", at(0)).await, Start::Fresh);
    store.forget(at(0)).await;
    assert_eq!(store.start(key(), "b", at(1)).await, Start::Fresh);
}

#[actix_rt::test]
async fn a_request_that_broke_off_is_taken_over_and_its_first_life_cannot_end_it() {
    let store = Store::new();
    let late = at(0) + BROKEN_OFF;
    assert_eq!(store.start(key(), "a", at(0)).await, Start::Fresh);
    assert_eq!(store.start(key(), "a", late - TimeDelta::seconds(1)).await, Start::InProgress);
    assert_eq!(store.start(key(), "a", late).await, Start::Fresh);
    store.forget(at(0)).await;
    store.finish(at(0)).await;
    assert_eq!(store.start(key(), "a", late).await, Start::InProgress);
}

#[actix_rt::test]
async fn old_answers_are_forgotten_a_few_at_a_time() {
    let store = Store::new();
    for number in 0..SWEPT + 5 {
        let key = Key { key: format!("k-{number}"), ..key() };
        assert_eq!(store.start(key, "a", at(number)).await, Start::Fresh);
    }
    let later = at(100) + KEPT;
    let new = |name: &str| Key { key: name.to_owned(), ..key() };
    assert_eq!(store.start(new("new"), "a", later).await, Start::Fresh);
    assert_eq!(store.rows().await, 6);
    assert_eq!(store.start(new("newer"), "a", later).await, Start::Fresh);
    assert_eq!(store.rows().await, 2);
}
