//! Locks, and several processes on one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use uuid::Uuid;

use super::*;

/// Two handles of one place stand for two processes.
async fn a_lock_lets_one_in_at_a_time(scratch: Scratch) {
    let databases = [with_words(&scratch).await, scratch.open()];
    let inside = Arc::new(AtomicBool::new(false));
    let ids = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
    let work = (0..60).map(|number: usize| {
        let inside = Arc::clone(&inside);
        // Every one takes the second, with another one before or behind it.
        let wanted = if number.is_multiple_of(2) { [ids[2], ids[1]] } else { [ids[1], ids[0]] };
        // A third of them begin with their locks.
        let first: Vec<Uuid> = if number.is_multiple_of(3) { wanted.to_vec() } else { Vec::new() };
        let database = databases[number % 2].clone();
        let work = move |transaction: &mut Transaction<'_>| {
            lock(transaction, &wanted)?;
            assert!(!inside.swap(true, Ordering::SeqCst), "two are inside");
            let count: Count = sql_query("SELECT count(*) AS count FROM words").get_result(transaction.connection())?;
            put(transaction, &format!("{:03}", count.count))?;
            inside.store(false, Ordering::SeqCst);
            Ok::<_, Error>(())
        };
        async move { database.write_holding(&first, work).await }
    });
    for answer in futures_util::future::join_all(work).await {
        answer.expect("committed");
    }
    let expected: Vec<String> = (0..60).map(|number| format!("{number:03}")).collect();
    assert_eq!(words(&databases[0]).await, expected, "each saw what the one before it had committed");
}

async fn many_processes_may_start_at_once(scratch: Scratch) {
    let ran = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| ran.fetch_add(migrate(&scratch.location()).expect("migrated").len(), Ordering::SeqCst));
        }
    });
    let all = ran.load(Ordering::SeqCst);
    assert!(all > 0);
    assert_eq!(migrate(&scratch.location()).expect("migrated"), Vec::<String>::new());
    assert_eq!(all, applied(&scratch.open()).await, "each migration ran once");
}

async fn applied(database: &Database) -> usize {
    let count = database.read(|connection| {
        let count: Count =
            sql_query("SELECT count(*) AS count FROM __diesel_schema_migrations").get_result(connection)?;
        Ok::<_, Error>(count.count)
    });
    usize::try_from(count.await.expect("counted")).expect("a count")
}

on_each_engine!(a_lock_lets_one_in_at_a_time, many_processes_may_start_at_once);

#[test]
fn who_waits_too_long_for_a_lock_to_begin_with_is_told_so_and_the_connection_stays() {
    scratch::run(Engine::Postgres, async |scratch| {
        let (holder, waiter) = (with_words(&scratch).await, scratch.open());
        let (locked, inside) = oneshot::channel();
        let (release, released) = mpsc::channel();
        let id = [Uuid::from_u128(1)];
        let held = holder.write_holding(&id, move |_| {
            let _ = locked.send(());
            let _ = released.recv();
            Ok::<_, Error>(())
        });
        let waits = async {
            inside.await.expect("locked");
            let before = connections::all(&waiter).await;
            let refused = waiter.write_holding(&id, |_| Ok::<_, Error>(())).await;
            assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
            assert_eq!(connections::all(&waiter).await, before);
            release.send(()).expect("it waits");
        };
        let (held, ()) = futures_util::future::join(held, waits).await;
        held.expect("committed");
        waiter.write_holding(&id, |transaction| put(transaction, "after")).await.expect("committed");
    });
}

#[test]
fn others_are_not_locked_out_on_postgresql() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let (locked, inside) = oneshot::channel();
        let (release, released) = mpsc::channel();
        let holder = database.write(move |transaction| {
            lock(transaction, &[Uuid::from_u128(1)])?;
            let _ = locked.send(());
            let _ = released.recv();
            Ok::<_, Error>(())
        });
        let others = async {
            inside.await.expect("locked");
            let free: Result<(), Error> = database.write(|transaction| lock(transaction, &[Uuid::from_u128(2)])).await;
            free.expect("another lock");
            let taken: Result<(), Error> = database
                .write(|transaction| {
                    transaction.connection().batch_execute("SET LOCAL lock_timeout = '50ms'")?;
                    lock(transaction, &[Uuid::from_u128(2), Uuid::from_u128(1)])
                })
                .await;
            assert!(taken.expect_err("it is taken").is_transient());
            release.send(()).expect("the holder waits");
        };
        let (held, ()) = futures_util::join!(holder, others);
        held.expect("committed");
        let free: Result<(), Error> = database.write(|transaction| lock(transaction, &[Uuid::from_u128(1)])).await;
        free.expect("the lock went with its transaction");
    });
}
