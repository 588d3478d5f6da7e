//! How transactions, connections and the database itself come to their end.

use super::*;

async fn an_answer_comes_only_after_the_commit(scratch: Scratch) {
    let database = with_words(&scratch).await;
    // A second database on the same place sees only what is committed.
    let witness = scratch.open();
    for number in 0..50 {
        let word = format!("{number:02}");
        let put_word = word.clone();
        database.write(move |transaction| put(transaction, &put_word)).await.expect("committed");
        assert_eq!(words(&witness).await.last(), Some(&word));
    }
}

async fn work_that_swallows_a_failed_statement_is_not_answered_ok_unless_it_is_kept(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let answer: Result<(), Error> = database
        .write(|transaction| {
            put(transaction, "swallowed")?;
            let failed = transaction.connection().batch_execute("INSERT INTO no_such_table VALUES (1)");
            assert!(failed.is_err());
            Ok(())
        })
        .await;
    assert_eq!(words(&database).await.contains(&"swallowed".to_owned()), answer.is_ok(), "{answer:?}");
    database.write(|transaction| put(transaction, "after")).await.expect("committed");
}

async fn a_snapshot_is_over_soon_after_its_answer(scratch: Scratch) {
    let database = with_words(&scratch).await;
    // Whoever held on to it would keep SQLite's log from being folded in, and PostgreSQL from vacuuming.
    for _ in 0..20 {
        assert!(words(&database).await.is_empty());
    }
    let location = scratch.location();
    settle("nothing is open", async || match &location {
        Location::Sqlite(path) => {
            location.checkpoint().ok()?;
            let log = std::fs::metadata(format!("{}-wal", path.display())).expect("its log");
            (log.len() == 0).then_some(())
        }
        Location::Postgres(url) => {
            let open = "SELECT datname AS word FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            let open: Vec<Word> = sql_query(open).load(&mut PgConnection::establish(url).ok()?).ok()?;
            open.is_empty().then_some(())
        }
    })
    .await;
}

async fn a_snapshot_that_broke_is_not_answered_ok(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let answer: Result<(), Error> = database
        .read(|connection| {
            assert!(connection.batch_execute("SELECT * FROM no_such_table").is_err());
            Ok(())
        })
        .await;
    // On SQLite it is as good as before.
    assert_eq!(answer.is_ok(), scratch.engine() == Engine::Sqlite, "{answer:?}");
    assert!(words(&database).await.is_empty());
}

async fn events_appended_wake_only_after_a_commit(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let appended = database.appended();
    let _: Result<(), Refusal> = database
        .write(|transaction| {
            transaction.mark_appended(1);
            Err(Refusal::Own)
        })
        .await;
    assert!(futures_util::FutureExt::now_or_never(appended.notified()).is_none());
    database
        .write(|transaction| {
            transaction.mark_appended(1);
            Ok::<_, Error>(())
        })
        .await
        .expect("committed");
    assert!(futures_util::FutureExt::now_or_never(appended.notified()).is_some());
    assert_eq!((appended.take(), appended.take()), (1, 0));
}

async fn work_that_waits_is_done_before_the_database_closes(scratch: Scratch) {
    let database = with_words(&scratch).await;
    for number in 0..100 {
        let work = database.write(move |transaction| put(transaction, &format!("{number:03}")));
        // Begun and then forgotten by its caller.
        let _ = futures_util::FutureExt::now_or_never(work);
    }
    drop(database);
    assert_eq!(words(&scratch.open()).await.len(), 100);
}

async fn the_last_handle_may_go_inside_the_work(scratch: Scratch) {
    let database = with_words(&scratch).await;
    let (done, gone) = oneshot::channel();
    let inner = database.clone();
    let work = database.write(move |transaction| {
        put(transaction, "last")?;
        drop(inner);
        let _ = done.send(());
        Ok::<_, Error>(())
    });
    let _ = futures_util::FutureExt::now_or_never(work);
    drop(database);
    gone.await.expect("the work ends");
    let again = scratch.open();
    settle("the commit", async || words(&again).await.contains(&"last".to_owned()).then_some(())).await;
}

on_each_engine!(
    an_answer_comes_only_after_the_commit,
    work_that_swallows_a_failed_statement_is_not_answered_ok_unless_it_is_kept,
    a_snapshot_is_over_soon_after_its_answer,
    a_snapshot_that_broke_is_not_answered_ok,
    events_appended_wake_only_after_a_commit,
    work_that_waits_is_done_before_the_database_closes,
    the_last_handle_may_go_inside_the_work,
);

#[test]
fn what_comes_after_the_close_is_refused() {
    let queue = Queue::default();
    queue.close();
    let answer =
        futures_util::FutureExt::now_or_never(submit(&queue, Manner::Durable, Vec::new(), |_| Ok::<(), Error>(())));
    assert!(matches!(answer, Some(Err(Error::Unavailable(_)))), "{answer:?}");
    assert!(queue.take(1, &Arc::default()).is_none());
}

fn terminate_all(url: &str) {
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    PgConnection::establish(url).expect("connected").batch_execute(all).expect("terminated");
}

/// It is answered before it ends, so nothing is lost when it cannot.
#[test]
fn a_snapshot_that_cannot_be_ended_is_answered_all_the_same() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = with_words(&scratch).await;
        database.write(|transaction| put(transaction, "there")).await.expect("committed");
        let Location::Postgres(url) = scratch.location() else { unreachable!() };
        let read = move |connection: &mut DatabaseConnection| {
            let words: Vec<Word> = sql_query("SELECT word FROM words").load(connection)?;
            terminate_all(&url);
            Ok::<_, Error>(words.len())
        };
        assert_eq!(database.read(read).await.expect("what was read"), 1);
        assert_eq!(words(&database).await, ["there"], "over a new connection");
    });
}

#[test]
fn a_lost_connection_is_replaced() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = with_words(&scratch).await;
        database.write(|transaction| put(transaction, "before")).await.expect("committed");
        let Location::Postgres(url) = scratch.location() else { unreachable!() };
        let (begun, inside) = oneshot::channel();
        let (terminated, go_on) = mpsc::channel();
        let interrupted = database.write(move |transaction| {
            put(transaction, "interrupted")?;
            let _ = begun.send(());
            let _ = go_on.recv();
            put(transaction, "too late")
        });
        let terminate = async {
            inside.await.expect("the work begins");
            terminate_all(&url);
            terminated.send(()).expect("the work waits");
        };
        let (interrupted, ()): (Result<(), Error>, ()) = futures_util::join!(interrupted, terminate);
        assert!(interrupted.expect_err("its connection is gone").is_transient());
        let after = (0..40).map(|_| database.write(|transaction| put(transaction, "z")));
        for answer in futures_util::future::join_all(after).await {
            answer.expect("a new connection");
        }
        let words = words(&database).await;
        assert_eq!((words.len(), words[0].as_str()), (41, "before"));
    });
}
