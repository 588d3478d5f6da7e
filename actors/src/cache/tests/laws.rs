//! What a reader and a writer can rely on.

use std::cell::Cell;
use std::convert::Infallible;

use futures_util::future::join_all;

use super::*;

async fn read(process: &Process, key: Key<u64>, stored: u64) -> u64 {
    let value: Result<u64, Infallible> = process.client.read(key, || async move { Ok(stored) }).await;
    value.unwrap_or_else(|never| match never {})
}

fn keys() -> [Key<u64>; 2] {
    [NUMBERS.key("a"), NUMBERS.key("b").in_group(group())]
}

async fn what_was_read_is_kept_until_it_is_forgotten(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let outdated = || vec![key.group.clone().map_or_else(|| key.clone().into(), Outdated::from)];
        assert_eq!(read(&one, key.clone(), 1).await, 1);
        assert_eq!(read(&one, key.clone(), 2).await, 1);
        assert_eq!(read(&other, key.clone(), 3).await, 1);
        other.client.forget(outdated()).await;
        assert_eq!(read(&one, key.clone(), 4).await, 4);
        assert_eq!(read(&other, key.clone(), 5).await, 4);
    }
    let figures = one.client.statistics();
    assert_eq!((figures.store.as_str() == "redis", figures.available), (figures.namespace.is_some(), true));
    let [numbers] = figures.families.as_slice() else { panic!("{figures:?}") };
    assert!(numbers.hits >= 2 && numbers.misses >= 4 && numbers.stored == 4, "{numbers:?}");
    one.stop().await;
    other.stop().await;
}

async fn a_glance_counts_once_and_stores_nothing(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let outdated = vec![key.group.clone().map_or_else(|| key.clone().into(), Outdated::from)];
        assert_eq!(read(&one, key.clone(), 1).await, 1);
        let glance = one.client.glance(|| vec![(&key).into()]).await;
        other.client.forget(outdated).await;
        // Whoever glanced set out before the change.
        let first: Result<u64, Infallible> = one.client.read_after(&glance, key.clone(), || async { Ok(2) }).await;
        assert!(first == Ok(1) || first == Ok(2), "{first:?}");
        let second: Result<u64, Infallible> = one.client.read_after(&glance, key.clone(), || async { Ok(2) }).await;
        assert_eq!(second, Ok(2), "who reads again is told what is so now");
        assert_eq!(read(&other, key.clone(), 3).await, 2, "what was glanced at was not put back");
        let missed = one.client.glance(|| vec![(&NUMBERS.key::<u64>("nothing")).into(), (&key).into()]).await;
        let found: Result<u64, Infallible> = one.client.read_after(&missed, key, || async { Ok(4) }).await;
        assert_eq!(found, Ok(2));
    }
    one.stop().await;
    other.stop().await;
}

async fn who_began_before_a_change_stores_nothing(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let outdated = vec![key.group.clone().map_or_else(|| key.clone().into(), Outdated::from)];
        let slow = one.client.read(key.clone(), || async {
            // What it read is outdated before it gets back.
            other.client.forget(outdated).await;
            Ok::<u64, Infallible>(1)
        });
        assert_eq!(slow.await, Ok(1));
        assert_eq!(read(&one, key.clone(), 2).await, 2);
        assert_eq!(read(&other, key, 3).await, 2);
    }
    one.stop().await;
    other.stop().await;
}

async fn who_sets_out_after_a_change_gets_no_older_answer(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let outdated = vec![key.group.clone().map_or_else(|| key.clone().into(), Outdated::from)];
        let (started, mut running) = tokio::sync::oneshot::channel();
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let early = one.client.read(key.clone(), || async {
            let _ = started.send(());
            let _ = wait.await;
            Ok::<u64, Infallible>(1)
        });
        let late = async {
            (&mut running).await.expect("it flies");
            // Another process, so the flight on its way here cannot know of the change.
            other.client.forget(outdated).await;
            let late = one.client.read(key.clone(), || async { Ok::<u64, Infallible>(2) });
            let (late, ()) = tokio::join!(late, async { go.send(()).expect("it waits") });
            late
        };
        assert_eq!(tokio::join!(early, late), (Ok(1), Ok(2)), "{key:?}");
    }
    one.stop().await;
    other.stop().await;
}

async fn of_many_readers_one_asks_the_database(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let asked = Cell::new(0);
        let readers = (0..1_000).map(|_| {
            one.client.read(key.clone(), || async {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                Ok::<u64, Infallible>(7)
            })
        });
        let answers = join_all(readers).await;
        assert!(answers.iter().all(|answer| *answer == Ok(7)));
        assert_eq!(asked.get(), 1, "{:?}", one.client.statistics());
    }
    one.stop().await;
    other.stop().await;
}

async fn a_refusal_is_shared_and_not_kept(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let asked = Cell::new(0);
        let refused = || async {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            Err::<u64, &'static str>("no such number")
        };
        let answers = join_all((0..10).map(|_| one.client.read(key.clone(), refused))).await;
        assert!(answers.iter().all(|answer| *answer == Err("no such number")));
        // Who looked when the others had their refusal already asks again.
        assert!((1..10).contains(&asked.get()), "{}", asked.get());
        assert_eq!(read(&one, key.clone(), 3).await, 3);
        assert_eq!(one.client.get(&key).await, Some(3));
    }
    one.stop().await;
    other.stop().await;
}

async fn of_many_keys_only_the_missing_are_fetched(setting: Setting) {
    let (one, other) = setting.two().await;
    let keys: Vec<Key<u64>> = (0..5).map(|number| NUMBERS.key(number).in_group(group())).collect();
    one.client.set(&keys[1], &10).await;
    one.client.set(&keys[4], &40).await;
    let fetch = |missing: Vec<usize>| async move {
        assert_eq!(missing, [0, 2, 3]);
        Ok::<_, Infallible>(missing.into_iter().map(|number| number as u64).collect())
    };
    assert_eq!(one.client.read_all(&keys, fetch).await, Ok(vec![0, 10, 2, 3, 40]));
    let all = other.client.read_all(&keys, |missing| async move { panic!("{missing:?}") });
    let all: Result<Vec<u64>, Infallible> = all.await;
    assert_eq!(all, Ok(vec![0, 10, 2, 3, 40]));
    assert_eq!(one.client.forget_pattern(&"number:2".parse().expect("a pattern")).await, Ok(1));
    assert_eq!(other.client.get(&keys[2]).await, None);
    assert_eq!(other.client.get(&keys[3]).await, Some(3));
    one.client.forget(vec![group().into()]).await;
    assert_eq!(other.client.get(&keys[1]).await, None);
    one.stop().await;
    other.stop().await;
}

async fn a_reader_that_goes_away_leaves_nobody_waiting(setting: Setting) {
    let (one, other) = setting.two().await;
    for key in keys() {
        let (started, running) = tokio::sync::oneshot::channel();
        let gone = one.client.read(key.clone(), || async {
            let _ = started.send(());
            std::future::pending::<Result<u64, Infallible>>().await
        });
        let waiting = async {
            running.await.expect("it flies");
            read(&one, key.clone(), 5).await
        };
        let patience = tokio::time::timeout(Duration::from_millis(200), gone);
        let (gone, waited) = tokio::join!(patience, waiting);
        assert!(gone.is_err());
        assert_eq!(waited, 5);
    }
    one.stop().await;
    other.stop().await;
}

in_each_setting!(
    what_was_read_is_kept_until_it_is_forgotten,
    a_glance_counts_once_and_stores_nothing,
    who_began_before_a_change_stores_nothing,
    who_sets_out_after_a_change_gets_no_older_answer,
    of_many_readers_one_asks_the_database,
    a_refusal_is_shared_and_not_kept,
    of_many_keys_only_the_missing_are_fetched,
    a_reader_that_goes_away_leaves_nobody_waiting,
);

#[actix_rt::test]
async fn without_a_cache_everything_is_read_from_the_database() {
    let client = CacheClient::off("it is not wanted");
    let process = Process { client, tree: None };
    assert_eq!(read(&process, NUMBERS.key("a"), 1).await, 1);
    assert_eq!(read(&process, NUMBERS.key("a"), 2).await, 2);
    process.client.forget(vec![NUMBERS.key::<u64>("a").into()]).await;
    let figures = process.client.statistics();
    assert_eq!((figures.store.as_str(), figures.trouble.as_deref()), ("off", Some("it is not wanted")));
}
