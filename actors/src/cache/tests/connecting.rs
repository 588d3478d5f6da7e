//! A Redis that is slow to connect to and quick to answer.

use std::convert::Infallible;
use std::io::copy;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::super::store::Store;
use super::*;

/// Connections that are let through at once: the one that tries the server, and the one of the pool.
const AT_ONCE: usize = 2;

/// Lets what comes later wait until it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.is_open.lock().expect("no panic") = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        let is_open = self.is_open.lock().expect("no panic");
        drop(self.opened.wait_while(is_open, |is_open| !*is_open).expect("no panic"));
    }
}

/// A way to the server at `upstream` with a gate in it; answers its port.
fn gated(upstream: String, gate: Arc<Gate>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let (client, upstream, gate) = (client.expect("accepted"), upstream.clone(), Arc::clone(&gate));
            thread::spawn(move || {
                if number >= AT_ONCE {
                    gate.wait();
                }
                let server = TcpStream::connect(upstream).expect("a server");
                let (mut from, mut to) = (client.try_clone().expect("a copy"), server.try_clone().expect("a copy"));
                thread::spawn(move || copy(&mut from, &mut to));
                let (mut from, mut to) = (server, client);
                copy(&mut from, &mut to)
            });
        }
    });
    port
}

#[actix_rt::test]
async fn nobody_waits_for_a_connection_of_their_own() {
    let Some(Setting::Redis { url, namespace }) = Setting::redis() else { return };
    let (login, upstream) = url.rsplit_once('@').expect("a login");
    let gate = Arc::new(Gate::default());
    let port = gated(upstream.trim_end_matches('/').to_owned(), Arc::clone(&gate));
    let client = CacheClient::redis(format!("{login}@127.0.0.1:{port}"), &namespace, "one");
    let process = Process::start(client).await;
    let key = NUMBERS.key("a");
    for _ in 0..3 {
        let value: Result<u64, Infallible> = process.client.read(key.clone(), || async { Ok(7) }).await;
        assert_eq!(value, Ok(7));
        assert_eq!(process.client.get(&key).await, Some(7), "it is read from Redis");
        assert!(process.client.statistics().available, "it was given up");
    }
    let own = || match process.client.store().as_deref() {
        Some(Store::Redis(redis)) => redis.own_connections(),
        _ => 0,
    };
    assert_eq!(own(), 0);
    gate.open();
    settle("it has one", async || (own() > 0).then_some(())).await;
    assert_eq!(process.client.get(&key).await, Some(7));
    process.stop().await;
}
