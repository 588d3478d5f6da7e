//! Storage as its users see it, on both engines.

use std::sync::mpsc;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use tokio::sync::oneshot;

use super::scratch::{Scratch, on_each_engine, settle};
use super::*;

mod connections;
mod constraints;
mod ending;
mod locking;
mod schema;
mod sharing;
mod values;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// What work in these tests fails with: its own refusal, or storage's.
#[derive(Debug)]
enum Refusal {
    Own,
    #[expect(dead_code, reason = "read by the tests' failure messages")]
    Storage(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Storage(error)
    }
}

/// A database with a table of words besides its own.
async fn with_words(scratch: &Scratch) -> Database {
    let database = scratch.open();
    run(&database, "CREATE TABLE words (word text NOT NULL)").await.expect("a table");
    database
}

async fn run(database: &Database, statement: &'static str) -> Result<(), Error> {
    database.write(move |transaction| Ok(transaction.connection().batch_execute(statement)?)).await
}

fn put(transaction: &mut Transaction<'_>, word: &str) -> Result<(), Error> {
    sql_query("INSERT INTO words (word) VALUES ($1)").bind::<Text, _>(word).execute(transaction.connection())?;
    Ok(())
}

fn read_words(connection: &mut DatabaseConnection) -> Result<Vec<String>, Error> {
    let rows: Vec<Word> = sql_query("SELECT word FROM words ORDER BY word").load(connection)?;
    Ok(rows.into_iter().map(|row| row.word).collect())
}

async fn words(database: &Database) -> Vec<String> {
    database.read(read_words).await.expect("words")
}

/// Work that holds its database thread until it is let go.
struct Gate {
    release: mpsc::Sender<()>,
    held: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Gate {
    /// Resolves when the thread is held.
    async fn hold(database: &Database) -> Self {
        let (entered, inside) = oneshot::channel();
        let (release, released) = mpsc::channel();
        let database = database.clone();
        let held = begin(async move {
            let work = move |_: &mut Transaction<'_>| {
                let _ = entered.send(());
                let _ = released.recv();
                Ok(())
            };
            database.write(work).await
        });
        inside.await.expect("the work begins");
        Self { release, held }
    }

    async fn open(self) {
        self.release.send(()).expect("the work waits");
        self.held.await.expect("no panic").expect("committed");
    }
}

fn begin<F: Future + 'static>(future: F) -> tokio::task::JoinHandle<F::Output> {
    tokio::task::spawn_local(future)
}

async fn commit_and_rollback(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let kept: Result<i32, Refusal> = database.write(|transaction| Ok(put(transaction, "kept").map(|()| 7)?)).await;
    assert_eq!(kept.expect("committed"), 7);
    let undone: Result<(), Refusal> = database
        .write(|transaction| {
            put(transaction, "undone")?;
            Err(Refusal::Own)
        })
        .await;
    assert!(matches!(undone, Err(Refusal::Own)));
    assert_eq!(words(&database).await, ["kept"]);
}

async fn a_panic_costs_one_piece_of_work(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let panicked: Result<(), Error> = database
        .write(|transaction| {
            put(transaction, "panicked")?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(panicked, Err(Error::Panicked(_))), "{panicked:?}");
    database.write(|transaction| put(transaction, "after")).await.expect("committed");
    assert_eq!(words(&database).await, ["after"]);
}

async fn a_reader_sees_one_state(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let (begun, first_read) = oneshot::channel();
    let (written, go_on) = mpsc::channel();
    let reading = database.read(move |connection| {
        let before = read_words(connection)?;
        let _ = begun.send(());
        let _ = go_on.recv();
        Ok::<_, Error>((before, read_words(connection)?))
    });
    let writing = async {
        first_read.await.expect("the reader begins");
        database.write(|transaction| put(transaction, "later")).await.expect("committed");
        written.send(()).expect("the reader waits");
    };
    let (read, ()) = futures_util::join!(reading, writing);
    assert_eq!(read.expect("read"), (vec![], vec![]), "a commit in the middle shows in none of its queries");
    assert_eq!(words(&database).await, ["later"]);
}

async fn a_reader_cannot_write(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let written: Result<(), Error> =
        database.read(|connection| Ok(connection.batch_execute("INSERT INTO words VALUES ('x')")?)).await;
    assert!(written.is_err());
    assert!(words(&database).await.is_empty());
}

on_each_engine!(commit_and_rollback, a_panic_costs_one_piece_of_work, a_reader_sees_one_state, a_reader_cannot_write);
