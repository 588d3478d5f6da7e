//! What others leave in Redis, and what a server is like that has been away.

use std::convert::Infallible;

use super::super::redis::Redis;
use super::super::store::Store;
use super::*;

async fn read(process: &Process, key: Key<u64>, stored: u64) -> u64 {
    let value: Result<u64, Infallible> = process.client.read(key, || async move { Ok(stored) }).await;
    value.unwrap_or_else(|never| match never {})
}

/// A process, and what it keeps its values with as everybody can use it.
async fn process() -> Option<(Process, ::redis::aio::MultiplexedConnection, String)> {
    let setting = Setting::redis()?;
    let Setting::Redis { url, namespace } = &setting else { return None };
    let connection = connect(url).await;
    let namespace = format!("{namespace}:");
    Some((Process::start(setting.client()).await, connection, namespace))
}

/// A look into the server.
pub(super) async fn connect(url: &str) -> ::redis::aio::MultiplexedConnection {
    let client = ::redis::Client::open(url).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a server")
}

pub(super) async fn command(connection: &mut ::redis::aio::MultiplexedConnection, words: &[&str]) -> ::redis::Value {
    let (name, arguments) = words.split_first().expect("a command");
    ::redis::cmd(name).arg(arguments).query_async(connection).await.expect("it is done")
}

#[actix_rt::test]
async fn what_is_no_value_is_a_miss_and_is_replaced() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    for (number, key) in [NUMBERS.key("a"), NUMBERS.key("b").in_group(group())].into_iter().enumerate() {
        let name = format!("{namespace}{}", key.name());
        let poisons: [&[&str]; 6] = [
            &["SET", &name, "lease:for ever"],
            &["RPUSH", &name, "1"],
            &["SET", &name, "{garbage"],
            &["SET", &name, ""],
            &["SET", &name, "\"seven\""],
            &["HSET", &name, "field", "1"],
        ];
        for (turn, poison) in poisons.into_iter().enumerate() {
            let value = (number * 10 + turn) as u64;
            command(&mut connection, &["DEL", &name]).await;
            command(&mut connection, poison).await;
            assert_eq!(read(&process, key.clone(), value).await, value, "{poison:?}");
            assert_eq!(process.client.get(&key).await, Some(value), "{poison:?}");
        }
    }
    let index = format!("{namespace}index:{}", group().name());
    command(&mut connection, &["DEL", &index]).await;
    command(&mut connection, &["SET", &index, "no index"]).await;
    let key = NUMBERS.key("b").in_group(group());
    assert_eq!(read(&process, key.clone(), 77).await, 77);
    assert_eq!(process.client.get(&key).await, Some(77));
    assert!(process.client.statistics().available);
    process.stop().await;
}

#[actix_rt::test]
async fn a_huge_text_is_a_miss_and_is_replaced() {
    const HUGE: &str = "50000000";
    let Some((process, mut connection, namespace)) = process().await else { return };
    let grouped = NUMBERS.key("b").in_group(group());
    process.client.set(&grouped, &0_u64).await;
    for (value, key) in [(1, NUMBERS.key("a")), (2, grouped)] {
        let name = format!("{namespace}{}", key.name());
        command(&mut connection, &["DEL", &name]).await;
        command(&mut connection, &["SETRANGE", &name, HUGE, "7"]).await;
        assert_eq!(read(&process, key.clone(), value).await, value);
        assert!(process.client.statistics().available, "it was given up");
        assert_eq!(process.client.get(&key).await, Some(value));
        let length = command(&mut connection, &["STRLEN", &name]).await;
        assert_eq!(length, ::redis::Value::Int(1));
    }
    process.stop().await;
}

#[actix_rt::test]
async fn a_huge_text_in_the_place_of_a_lease_stays_where_it_is() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    let key = NUMBERS.key::<u64>("a");
    let name = format!("{namespace}{}", key.name());
    let fetch = || async move {
        command(&mut connection, &["SETRANGE", &name, "50000000", "7"]).await;
        Ok::<_, Infallible>(1)
    };
    assert_eq!(process.client.read(key.clone(), fetch).await, Ok(1));
    assert!(process.client.statistics().available, "it was given up");
    assert_eq!(read(&process, key.clone(), 2).await, 2);
    assert_eq!(process.client.get(&key).await, Some(2));
    process.stop().await;
}

#[actix_rt::test]
async fn a_value_that_is_too_long_is_read_from_the_database_each_time() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    let key = NUMBERS.key::<String>("long");
    for text in ["a", "b"].map(|letter| letter.repeat(2_000_000)) {
        let fetch = || async { Ok::<_, Infallible>(text.clone()) };
        assert_eq!(process.client.read(key.clone(), fetch).await.as_ref(), Ok(&text));
        assert_eq!(process.client.get(&key).await, None);
    }
    let length = command(&mut connection, &["STRLEN", &format!("{namespace}{}", key.name())]).await;
    assert!(matches!(length, ::redis::Value::Int(0..100)), "{length:?}");
    assert!(process.client.statistics().available);
    process.stop().await;
}

#[actix_rt::test]
async fn keys_of_a_group_whose_index_was_evicted_do_not_count() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    let key = NUMBERS.key("b").in_group(group());
    read(&process, key.clone(), 1).await;
    command(&mut connection, &["DEL", &format!("{namespace}index:{}", group().name())]).await;
    // The change cannot find the key any more, and need not.
    process.client.forget(vec![group().into()]).await;
    assert_eq!(read(&process, key.clone(), 2).await, 2);
    process.stop().await;
}

#[actix_rt::test]
async fn a_forgotten_group_leaves_no_keys_behind() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    for number in 0..2_500 {
        process.client.set(&NUMBERS.key(number).in_group(group()), &number).await;
    }
    process.client.forget(vec![group().into()]).await;
    let (one, other) = (format!("{namespace}number:7"), format!("{namespace}number:2400"));
    let left = command(&mut connection, &["EXISTS", &one, &other]).await;
    assert_eq!(left, ::redis::Value::Int(0));
    process.stop().await;
}

#[actix_rt::test]
async fn what_a_server_knew_before_it_was_started_again_is_forgotten() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    let key = NUMBERS.key("a");
    read(&process, key.clone(), 1).await;
    // As it would be if the server had come up with a snapshot of an earlier run.
    command(&mut connection, &["SET", &format!("{namespace}run"), "an earlier run"]).await;
    let store = process.client.store().expect("open");
    process.client.fail(&store, "the connection broke".to_owned());
    assert_eq!(read(&process, key.clone(), 2).await, 2);
    process.until_available().await;
    assert_eq!(read(&process, key.clone(), 3).await, 3);
    process.stop().await;
}

#[actix_rt::test]
async fn what_changed_while_redis_was_away_is_forgotten_before_it_is_read_again() {
    let Some((process, mut connection, namespace)) = process().await else { return };
    let (changed, same) = (NUMBERS.key("a"), NUMBERS.key("c"));
    read(&process, changed.clone(), 1).await;
    read(&process, same.clone(), 1).await;
    let store = process.client.store().expect("open");
    process.client.fail(&store, "the connection broke".to_owned());
    process.client.forget(vec![changed.clone().into()]).await;
    assert_eq!(read(&process, changed.clone(), 2).await, 2);
    process.until_available().await;
    assert_eq!(process.client.get(&changed).await, None);
    assert_eq!(process.client.get(&same).await, Some(1));
    let run = command(&mut connection, &["EXISTS", &format!("{namespace}run")]).await;
    assert_eq!((run, process.client.statistics().owed), (::redis::Value::Int(1), 0));
    process.stop().await;
}

#[actix_rt::test]
async fn a_process_that_died_in_debt_pays_when_it_comes_back() {
    let Some(setting) = Setting::redis() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let marker = directory.path().join("cache-owes");
    let (one, key) = (Process::start(setting.client()).await, NUMBERS.key("a"));
    read(&one, key.clone(), 1).await;
    std::fs::write(&marker, "").expect("written");
    let (client, copy) = (setting.client(), marker.clone());
    let owner = client.clone();
    let actor = move |life: &crate::supervision::Life| Ok(Cache::new(owner.clone(), Some(copy.clone()), life.clone()));
    let (_, spec) = child("cache", actor).build();
    let back = Process { client, tree: Some(supervisor("root").child(spec).start()) };
    back.until_available().await;
    assert_eq!(back.client.get(&key).await, None);
    while marker.exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    one.stop().await;
    back.stop().await;
}

#[actix_rt::test]
async fn installations_that_share_a_server_do_not_see_each_other() {
    let (Some(one), Some(other)) = (Setting::redis(), Setting::redis()) else { return };
    let (one, other) = (Process::start(one.client()).await, Process::start(other.client()).await);
    let key = NUMBERS.key("a");
    assert_eq!(read(&one, key.clone(), 1).await, 1);
    assert_eq!(read(&other, key.clone(), 2).await, 2);
    assert_eq!(other.client.forget_pattern(&Pattern::all()).await.map(|count| count > 0), Ok(true));
    assert_eq!(one.client.get(&key).await, Some(1));
    one.stop().await;
    other.stop().await;
}

#[actix_rt::test]
async fn a_server_that_is_not_there_is_named_and_costs_nothing() {
    let client = CacheClient::redis("redis://127.0.0.1:1".to_owned(), "nobody", "one");
    let copy = client.clone();
    let (_, spec) = child("cache", move |life| Ok(Cache::new(copy.clone(), None, life.clone()))).build();
    let process = Process { client, tree: Some(supervisor("root").child(spec).start()) };
    while process.client.statistics().trouble.is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(read(&process, NUMBERS.key("a"), 1).await, 1);
    process.client.forget(vec![NUMBERS.key::<u64>("a").into()]).await;
    assert_eq!(process.client.statistics().owed, 1);
    process.stop().await;
}

#[actix_rt::test]
async fn a_script_that_the_server_does_not_know_any_more_is_given_to_it_again() {
    let Some((process, mut connection, _)) = process().await else { return };
    read(&process, NUMBERS.key("a"), 1).await;
    command(&mut connection, &["SCRIPT", "FLUSH"]).await;
    assert_eq!(read(&process, NUMBERS.key("b"), 2).await, 2);
    assert_eq!(process.client.get(&NUMBERS.key("b")).await, Some(2_u64));
    let store = process.client.store().expect("open");
    assert!(matches!(store.as_ref(), Store::Redis(_)) && Redis::check_url("redis://[").is_err());
    process.stop().await;
}
