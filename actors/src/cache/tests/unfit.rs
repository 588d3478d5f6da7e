//! What cannot be used as a Redis is named in one line.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::redis_server::{command, connect};
use super::*;

/// What a process says whose Redis cannot be opened.
async fn said(url: String, namespace: &str) -> String {
    let client = CacheClient::redis(url, namespace, "one");
    let copy = client.clone();
    let (_, spec) = child("cache", move |life| Ok(Cache::new(copy.clone(), None, life.clone()))).build();
    let process = Process { client, tree: Some(supervisor("root").child(spec).start()) };
    let said = settle("it says why", async || process.client.statistics().trouble).await;
    assert!(!process.client.statistics().available);
    process.stop().await;
    assert!(!said.contains('\n') && !said.contains("secret"), "{said}");
    said
}

/// A server that answers whoever speaks to it with these bytes and hangs up.
fn answering(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[actix_rt::test]
async fn a_server_that_is_no_redis_is_told() {
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"AMQP\x00\x00\x09\x01",
        // An alert of a server that wants TLS.
        b"\x15\x03\x03\x00\x02\x02\x46",
        b"",
    ];
    for answer in answers {
        let said = said(format!("redis://user:secret@127.0.0.1:{}", answering(answer)), "nobody").await;
        assert!(said.contains("no Redis"), "{answer:?}: {said}");
    }
}

#[actix_rt::test]
async fn a_server_that_speaks_no_tls_is_told() {
    let Some(Setting::Redis { url, namespace }) = Setting::redis() else { return };
    let said = said(url.replacen("redis://", "rediss://", 1), &namespace).await;
    assert!(said.contains("no TLS is spoken there") && said.contains("use redis://"), "{said}");
    let http = format!("rediss://127.0.0.1:{}", answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let said = self::said(http, &namespace).await;
    assert!(said.contains("no TLS is spoken there"), "{said}");
}

#[actix_rt::test]
async fn what_a_user_may_not_do_is_told_before_the_cache_is_read() {
    let Some(Setting::Redis { url, namespace }) = Setting::redis() else { return };
    let mut connection = connect(&url).await;
    // Somebody has opened it before, so nothing has to be forgotten.
    Process::start(CacheClient::redis(url.clone(), &namespace, "one")).await.stop().await;
    let user = Ids.next().simple().to_string();
    let host = url.rsplit(['@', '/']).find(|part| part.contains(':')).expect("a host").to_owned();
    let theirs = format!("redis://{user}:secret@{host}");
    let keys = format!("~{namespace}:*");
    let lacking = [
        &["-@scripting"][..],
        &["-@write"],
        &["-set"],
        &["-zadd"],
        &["-unlink"],
        &["-getrange"],
        &["resetkeys", "~other:*"],
    ];
    for lacks in lacking {
        let all = ["ACL", "SETUSER", &user, "reset", "on", ">secret", &keys, "+@all"];
        command(&mut connection, &[&all[..], lacks].concat()).await;
        let said = said(theirs.clone(), &namespace).await;
        assert!(said.contains("may not do what a cache needs") && said.contains("allow it"), "{lacks:?}: {said}");
    }
    let enough = ["+@read", "+@write", "+@scripting", "+ping", "+info", "+time"];
    let all = ["ACL", "SETUSER", &user, "reset", "on", ">secret", &keys];
    command(&mut connection, &[&all[..], &enough].concat()).await;
    Process::start(CacheClient::redis(theirs, &namespace, "two")).await.stop().await;
    command(&mut connection, &["ACL", "DELUSER", &user]).await;
}
