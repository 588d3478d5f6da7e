//! A Redis that a process did without for a while.

use super::*;

#[actix_rt::test]
async fn what_was_kept_in_another_epoch_is_forgotten_before_it_is_read() {
    let Some(Setting::Redis { url, namespace }) = Setting::redis() else { return };
    let start = |epoch: &str| Process::start(CacheClient::redis(url.clone(), &namespace, epoch));
    let key = NUMBERS.key("a");
    let first = start("one").await;
    first.client.set(&key, &1_u64).await;
    first.stop().await;

    let same = start("one").await;
    assert_eq!(same.client.get(&key).await, Some(1));
    same.stop().await;

    let next = start("two").await;
    assert_eq!(next.client.get(&key).await, None);
    next.client.set(&key, &2).await;
    next.stop().await;

    let back = start("one").await;
    assert_eq!(back.client.get(&key).await, None);
    back.stop().await;
}

#[actix_rt::test]
async fn a_note_that_is_none_is_another_epochs() {
    let Some(Setting::Redis { url, namespace }) = Setting::redis() else { return };
    let mut connection = super::redis_server::connect(&url).await;
    let key = NUMBERS.key("a");
    for poison in [&["RPUSH", "1"][..], &["SET", ""], &["SET", "\u{1F980}"], &["HSET", "field", "1"]] {
        let process = Process::start(CacheClient::redis(url.clone(), &namespace, "one")).await;
        process.client.set(&key, &1_u64).await;
        process.stop().await;
        let name = format!("{namespace}:run");
        super::redis_server::command(&mut connection, &["DEL", &name]).await;
        let words: Vec<&str> = [poison[0], &name].into_iter().chain(poison[1..].iter().copied()).collect();
        super::redis_server::command(&mut connection, &words).await;
        let process = Process::start(CacheClient::redis(url.clone(), &namespace, "one")).await;
        assert_eq!(process.client.get(&key).await, None, "{poison:?}");
        process.stop().await;
    }
}
