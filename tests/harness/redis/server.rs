//! A Redis of a test's own, to be mistreated.

use std::process::Child;
use std::time::Duration;

use tempfile::TempDir;

use super::port::free_port;
use super::{Keys, guard::Guard};
use crate::harness::engine::wanted;
use crate::harness::signal::signal;
use crate::harness::{RedisAnswer, settle, skip};

/// Another program may take the port between our asking for a free one and the server's binding it.
const ATTEMPTS: u32 = 3;
/// Nothing is stored on disk unless a test wants it. The process's title stays as it is, since Redis overwrites its
/// environment to set another, and by the environment the test command finds what a run has left.
const OPTIONS: [&str; 10] =
    ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--set-proc-title", "no", "--logfile", "redis.log"];

/// A Redis of the test's own. It is killed and removed with its owner, and does not outlive the test's process.
pub struct RedisServer {
    program: String,
    options: Vec<String>,
    directory: TempDir,
    port: u16,
    running: Option<(Child, Guard)>,
}

impl RedisServer {
    /// Starts a server, unless the run leaves servers out or the program is not to be had, which is noted.
    pub fn start(test: &str) -> Option<Self> {
        Self::start_with(test, &[])
    }

    /// The same with more options, such as `--maxmemory 2mb`, which override the harness's own.
    pub fn start_with(test: &str, options: &[&str]) -> Option<Self> {
        if !wanted("postgres") {
            return None;
        }
        let Ok(program) = std::env::var("BOOKLY_TEST_REDIS_SERVER") else {
            skip(test, "a Redis of its own (BOOKLY_TEST_REDIS_SERVER is not set)");
            return None;
        };
        let directory = tempfile::Builder::new().prefix("bookly-redis-").tempdir().expect("a directory");
        let options = options.iter().map(ToString::to_string).collect();
        let mut server = Self { program, options, directory, port: 0, running: None };
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            if server.run() {
                return Some(server);
            }
        }
        panic!("Redis did not start: {}", server.log());
    }

    /// Where clients connect; it stays the same through every restart.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A look into it.
    pub fn keys(&self) -> Keys {
        Keys::new(&self.url())
    }

    /// Kills it as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some((mut process, guard)) = self.running.take() {
            // First: once the process is waited for, its number may belong to another.
            guard.dismiss();
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it on the same port and waits until it serves; it is empty, unless its options let it store what it held.
    pub fn start_again(&mut self) {
        self.kill();
        assert!(self.run(), "Redis did not start again: {}", self.log());
    }

    /// Freezes it (SIGSTOP): it keeps its connections and says nothing.
    pub fn pause(&self) {
        signal("STOP", self.process());
    }

    /// Lets it go on after [`RedisServer::pause`].
    pub fn resume(&self) {
        signal("CONT", self.process());
    }

    /// What it logged.
    pub fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        // Of a mistake in its options it speaks before it logs.
        read("output") + &read("redis.log")
    }

    fn process(&self) -> u32 {
        self.running.as_ref().expect("it runs").0.id()
    }

    /// Starts it and waits; false when it ended instead.
    fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let options = self.options.iter().map(String::as_str);
        let arguments: Vec<&str> = ["--port", &port].into_iter().chain(OPTIONS).chain(options).collect();
        let started = Guard::start(&self.program, &arguments, self.directory.path()).expect("a shell starts");
        let (process, _) = self.running.insert(started);
        let keys = Keys::new(&format!("redis://127.0.0.1:{port}")).patient_for(Duration::from_secs(1));
        let serves = settle("Redis serves", || {
            let ended = process.try_wait().expect("it can be waited for").is_some();
            // One that wants a password serves as well.
            let loads = |answer| matches!(answer, RedisAnswer::Refusal(words) if words.starts_with("LOADING"));
            let serves = || keys.try_command(&["PING"]).is_ok_and(|answer| !loads(answer));
            if ended { Some(false) } else { serves().then_some(true) }
        });
        if !serves {
            self.kill();
        }
        serves
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn a_server_is_killed_and_comes_back_empty_at_the_same_place() {
    let Some(mut server) = RedisServer::start(module_path!()) else { return };
    let keys = server.keys();
    keys.set("a", "1");
    server.kill();
    let refused = keys.try_command(&["GET", "a"]).expect_err("nobody is there");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    server.start_again();
    assert_eq!(keys.get("a"), None);
}

#[test]
fn a_server_may_be_told_to_keep_what_it_holds() {
    let durable = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = RedisServer::start_with(module_path!(), &durable) else { return };
    server.keys().set("a", "1");
    server.start_again();
    assert_eq!(server.keys().get("a").as_deref(), Some("1"));
}

#[test]
fn a_server_may_run_out_of_memory() {
    let Some(server) = RedisServer::start_with(module_path!(), &["--maxmemory", "2mb"]) else { return };
    let (keys, much) = (server.keys(), "x".repeat(100_000));
    let fill = || (0..100).map(|n| keys.try_command(&["SET", &n.to_string(), &much]).expect("an answer"));
    assert!(fill().any(|answer| matches!(answer, RedisAnswer::Refusal(words) if words.starts_with("OOM"))));
    assert_eq!(keys.get("0"), Some(much.clone()), "it still reads");
}

#[test]
fn a_paused_server_says_nothing_until_it_is_resumed() {
    let Some(server) = RedisServer::start(module_path!()) else { return };
    let keys = server.keys().patient_for(Duration::from_millis(100));
    keys.set("a", "1");
    server.pause();
    for attempt in ["on its old connection", "on a new one"] {
        let silent = keys.try_command(&["GET", "a"]).expect_err(attempt);
        assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock, "{attempt}: {silent}");
    }
    server.resume();
    assert_eq!(server.keys().get("a").as_deref(), Some("1"));
}

#[test]
fn a_server_that_is_dropped_is_gone_even_when_it_was_paused() {
    let Some(server) = RedisServer::start(module_path!()) else { return };
    let (keys, directory) = (server.keys(), server.directory.path().to_owned());
    server.pause();
    drop(server);
    let refused = keys.try_command(&["PING"]).expect_err("nobody is there");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(!directory.exists());
}

#[test]
fn a_mistake_in_the_options_is_told() {
    let start = || RedisServer::start_with(module_path!(), &["--maxmemory", "much"]);
    let told = std::panic::catch_unwind(start).map(|server| server.is_none());
    match told {
        Ok(skipped) => assert!(skipped, "it starts with any option"),
        Err(words) => assert!(words.downcast_ref::<String>().is_some_and(|words| words.contains("maxmemory"))),
    }
}
