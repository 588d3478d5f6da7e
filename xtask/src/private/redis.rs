//! A Redis of our own: one directory, one free port on the loopback interface, a password, and nothing on disk but its
//! log.
//!
//! It carries [`MARK`] in its environment; by it the next run finds it if even the keeper was killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::ask::ask;
use super::directory::{self, RunDirectory};
use super::tail::tail;
use super::{leftovers, ports};
use crate::arguments;

/// The environment variable that marks a run's Redis.
pub const MARK: &str = "BOOKLY_PRIVATE_REDIS";

const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Another program may take the port between our asking for a free one and the server's binding it.
const ATTEMPTS: u32 = 3;
const READY: &[u8] = b"+OK\r\n+PONG\r\n";

/// A running server. Dropping it stops the server; its directory goes with the run's.
pub struct Redis {
    place: PathBuf,
    log_copy: PathBuf,
    port: u16,
    password: String,
    server: Child,
}

impl Redis {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; its own words are part of the message.
    pub fn start(wanted: &arguments::Redis, run: &RunDirectory, log_copy: &Path) -> Result<Self, String> {
        let place = run.path().join("redis");
        directory::make(&place, None)?;
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let port = wanted.port.map_or_else(|| ports::free(&[]), ports::exactly)?;
            let password = directory::unforeseen_suffix();
            let server = launch(&wanted.program, &place, run, &settings(port, &password))?;
            let mut redis = Self { place: place.clone(), log_copy: log_copy.to_owned(), port, password, server };
            match redis.wait_until_ready() {
                Ok(()) => return Ok(redis),
                Err(reason) => problem = reason,
            }
        }
        Err(problem)
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        // The user is named, though it is the default: redis-cli takes an empty name for a name.
        format!("redis://default:{}@127.0.0.1:{}", self.password, self.port)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            let ended = self.server.try_wait().map_err(|error| error.to_string())?;
            if let Some(status) = ended {
                return Err(format!("Redis ended while starting ({status}):\n{}", tail(&log_of(&self.place))));
            }
            if answers(self.port, &self.password) {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(format!("Redis was not ready after {START_LIMIT:?}:\n{}", tail(&log_of(&self.place))))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.server.try_wait() {
            eprintln!("Redis had ended by itself ({status}); see {}", self.log_copy.display());
        }
        // It has nothing to write down.
        drop(self.server.kill());
        drop(self.server.wait());
        // The log outlives the server: it tells what it saw of a failed test.
        drop(fs::copy(log_of(&self.place), &self.log_copy));
    }
}

fn log_of(place: &Path) -> PathBuf {
    place.join("log")
}

/// The whole configuration. The title stays as it is, since Redis overwrites its environment, and so [`MARK`], to set
/// another.
fn settings(port: u16, password: &str) -> String {
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\nlogfile log\n\
         set-proc-title no\ndaemonize no\n"
    )
}

/// In a file, since everybody can read a command line.
fn launch(program: &Path, place: &Path, run: &RunDirectory, settings: &str) -> Result<Child, String> {
    let cannot = |error: std::io::Error| format!("cannot start Redis: {error}");
    fs::write(place.join("redis.conf"), settings).map_err(cannot)?;
    let mut redis = Command::new(program);
    redis.arg("redis.conf").current_dir(place).env(MARK, run.path());
    redis.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(cannot)
}

/// Whether clients with this password are served (<https://redis.io/docs/latest/develop/reference/protocol-spec/>,
/// inline commands).
fn answers(port: u16, password: &str) -> bool {
    let question = format!("AUTH {password}\r\nPING\r\n");
    ask(port, question.as_bytes(), READY.len()).is_some_and(|answer| answer == READY)
}

/// Kills the Redis of a dead run.
pub fn stop_stale(run: &Path) {
    leftovers::kill_marked(MARK, run);
}

#[cfg(test)]
mod tests {
    use super::super::ask::tests::port_that_says;
    use super::*;

    #[test]
    fn only_a_server_that_takes_the_password_and_serves_is_ready() {
        assert!(answers(port_that_says(b"+OK\r\n+PONG\r\n"), "x"));
        assert!(!answers(port_that_says(b"+OK\r\n-LOADING Redis is loading the dataset in memory\r\n"), "x"));
        assert!(!answers(port_that_says(b"-WRONGPASS invalid\r\n-NOAUTH\r\n"), "x"));
        assert!(!answers(port_that_says(b""), "x"));
    }

    #[test]
    fn it_listens_on_the_loopback_interface_alone_and_stores_nothing() {
        let settings = settings(7, "secret");
        let lines: Vec<&str> = settings.lines().collect();
        for line in ["bind 127.0.0.1", "port 7", "requirepass secret", "save \"\"", "appendonly no"] {
            assert!(lines.contains(&line), "{line}");
        }
    }
}
