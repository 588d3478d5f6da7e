//! A Redis that answers slowly, or not at all: a proxy in front of one, which does as it is told.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::port::free_port;
use super::traffic::{Conduct, Traffic};
use super::url::Place;

/// A proxy in front of a Redis, on a port of its own. It ends, with its connections, with its owner.
pub struct SlowProxy {
    server: Place,
    port: u16,
    traffic: Arc<Traffic>,
    accepted: Arc<AtomicUsize>,
}

impl SlowProxy {
    /// A proxy in front of the Redis at this URL that passes everything on.
    pub fn before(url: &str) -> Self {
        let server = Place::read(url);
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port can be bound");
        let (traffic, accepted) = (Arc::<Traffic>::default(), Arc::<AtomicUsize>::default());
        let proxy = Self { server: server.clone(), port, traffic: traffic.clone(), accepted: accepted.clone() };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if traffic.is_over() {
                    break;
                }
                accepted.fetch_add(1, Ordering::Relaxed);
                // A server that cannot be reached, or a client that is gone already, ends the connection.
                let _ = serve(client, &server.address, &traffic);
            }
        });
        proxy
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        self.server.through(self.port)
    }

    /// Holds each answer back for this long, also those already on their way. Answers do not add up their delays.
    pub fn delay(&self, each: Duration) {
        self.traffic.become_so(Conduct::Delay(each));
    }

    /// Passes nothing on in either direction; connections are still accepted, as a frozen server's kernel does.
    pub fn stall(&self) {
        self.traffic.become_so(Conduct::Stall);
    }

    /// Drops every connection, and each new one at once.
    pub fn refuse(&self) {
        self.traffic.become_so(Conduct::Refuse);
        self.traffic.drop_connections();
    }

    /// Drops every connection there is; new ones are served as before.
    pub fn drop_connections(&self) {
        self.traffic.drop_connections();
    }

    /// Goes back to normal; what was held back passes at once.
    pub fn pass(&self) {
        self.traffic.become_so(Conduct::Pass);
    }

    /// Connections that clients have made so far.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for SlowProxy {
    fn drop(&mut self) {
        self.traffic.end();
        // Wakes the thread that waits for clients.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn serve(client: TcpStream, server: &str, traffic: &Arc<Traffic>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let connection = traffic.enter(&client, &server)?;
    let (to_server, to_client) = (traffic.clone(), traffic.clone());
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || to_server.carry_questions(connection, &from_client, &server));
    std::thread::spawn(move || to_client.carry_answers(connection, from_server, &client));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use super::*;
    use crate::harness::{Keys, RedisServer, SlowProxy};

    fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
        let started = Instant::now();
        (work(), started.elapsed())
    }

    /// A server, a proxy before it, and a look through that.
    fn proxied(test: &str) -> Option<(RedisServer, SlowProxy, Keys)> {
        let server = RedisServer::start(test)?;
        let proxy = SlowProxy::before(&server.url());
        let keys = Keys::new(&proxy.url());
        Some((server, proxy, keys))
    }

    #[test]
    fn what_is_passed_on_is_what_was_said() {
        let Some((server, proxy, keys)) = proxied(module_path!()) else { return };
        let long = "é".repeat(1_000_000);
        keys.set("a", &long);
        assert!(server.keys().get("a").as_ref() == Some(&long) && keys.get("a").as_ref() == Some(&long));
        assert_eq!(proxy.connections(), 1);
    }

    #[test]
    fn each_answer_is_delayed_and_delays_do_not_add_up() {
        let Some((_server, proxy, keys)) = proxied(module_path!()) else { return };
        keys.set("a", "1");
        let delay = Duration::from_millis(300);
        proxy.delay(delay);
        for _ in 0..2 {
            let (value, took) = timed(|| keys.get("a"));
            assert!(value.as_deref() == Some("1") && took >= delay, "{took:?}");
        }
        // Fifty at once on one connection, whose answers come one after the other.
        let questions: Vec<&[&str]> = vec![&["GET", "a"]; 50];
        let (answers, took) = timed(|| keys.pipeline(&questions).expect("answers"));
        assert_eq!(answers.len(), 50);
        assert!(took >= delay && took < delay * 25, "{took:?}");
        proxy.pass();
        assert!((0..100).any(|_| timed(|| keys.get("a")).1 < delay), "it is fast again");
    }

    #[test]
    fn an_answer_that_is_held_back_passes_when_the_proxy_goes_back_to_normal() {
        let Some((_server, proxy, keys)) = proxied(module_path!()) else { return };
        keys.set("a", "1");
        for hold in [SlowProxy::stall, |proxy: &SlowProxy| proxy.delay(Duration::from_secs(3_600))] {
            hold(&proxy);
            let (tell, told) = channel();
            std::thread::scope(|scope| {
                scope.spawn(|| tell.send(keys.get("a")).expect("somebody listens"));
                assert!(told.recv_timeout(Duration::from_millis(200)).is_err(), "nothing may pass");
                proxy.pass();
                assert_eq!(told.recv().expect("an answer").as_deref(), Some("1"));
            });
        }
    }

    #[test]
    fn a_stalled_proxy_accepts_and_says_nothing() {
        let Some((server, proxy, keys)) = proxied(module_path!()) else { return };
        proxy.stall();
        let hasty = Keys::new(&proxy.url()).patient_for(Duration::from_millis(100));
        let silent = hasty.try_command(&["SET", "a", "1"]).expect_err("nothing passes");
        assert_eq!(silent.kind(), ErrorKind::WouldBlock);
        assert!(!server.keys().exists("a"), "questions are held back as well");
        assert_eq!(proxy.connections(), 1);
        proxy.pass();
        keys.set("b", "1");
    }

    #[test]
    fn connections_are_dropped_and_refused() {
        let Some((_server, proxy, keys)) = proxied(module_path!()) else { return };
        keys.set("a", "1");
        proxy.drop_connections();
        // It connects once more by itself.
        assert_eq!((keys.get("a").as_deref(), proxy.connections()), (Some("1"), 2));
        proxy.refuse();
        assert!(keys.try_command(&["GET", "a"]).is_err());
        proxy.pass();
        assert_eq!(keys.get("a").as_deref(), Some("1"));
    }

    #[test]
    fn a_server_that_dies_and_comes_back_is_found_again() {
        let Some((mut server, proxy, keys)) = proxied(module_path!()) else { return };
        keys.set("a", "1");
        server.kill();
        assert!(keys.try_command(&["GET", "a"]).is_err());
        server.start_again();
        assert_eq!(keys.get("a"), None);
        drop(proxy);
        assert!(keys.try_command(&["GET", "a"]).is_err(), "the proxy is gone with its connections");
    }
}
