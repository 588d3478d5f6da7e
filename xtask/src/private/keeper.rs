//! The keeper: a second process that owns a run's directory and servers.
//!
//! It works until its standard input ends. The kernel closes that pipe when the process at the other end is gone, for
//! whatever reason: success, failure, Ctrl-C, SIGTERM, even SIGKILL. It lives in a process group of its own, so that
//! a Ctrl-C at the terminal does not reach it. If it is killed as well, the next run sweeps (see
//! [`super::directory`]).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::thread;

use super::directory::RunDirectory;
use super::leftovers;
use super::postgres::Postgres;
use super::rabbitmq::RabbitMq;
use super::redis::Redis;
use crate::arguments::Keep;

/// The keeper's own side.
///
/// # Errors
/// When the directory or a server cannot be had.
pub fn serve(keep: &Keep) -> Result<ExitCode, String> {
    let cannot = |error: io::Error| format!("cannot use {}: {error}", keep.private.display());
    let run = RunDirectory::create(&keep.private).map_err(cannot)?;
    let (postgres, rabbitmq, redis) = start_servers(keep, &run);
    let (postgres, rabbitmq, redis) = (postgres?, rabbitmq?, redis?);
    let answer = Answer {
        run: run.path().to_owned(),
        postgres: postgres.as_ref().map(Postgres::url),
        rabbitmq: rabbitmq.as_ref().map(|broker| RabbitMqAddress {
            url: broker.url(),
            management_url: broker.management_url(),
            process: broker.process(),
        }),
        redis: redis.as_ref().map(Redis::url),
    };
    // Whoever waits for these lines may be gone already; then standard input has ended too.
    drop(io::stdout().write_all(answer.lines().as_bytes()));
    drop(io::stdin().read_to_end(&mut Vec::new()));
    leftovers::end_processes_of(run.path());
    drop((postgres, rabbitmq, redis));
    Ok(ExitCode::SUCCESS)
}

/// Starts what is wanted, all at once: most take seconds.
fn start_servers(keep: &Keep, run: &RunDirectory) -> (Wanted<Postgres>, Wanted<RabbitMq>, Wanted<Redis>) {
    let log_copy = |name: &str| keep.private.join(name);
    thread::scope(|scope| {
        let postgres = scope.spawn(|| {
            let bin = keep.postgres.as_ref();
            bin.map(|bin| Postgres::start(bin, run, &log_copy("postgres.log"))).transpose()
        });
        let redis = scope.spawn(|| {
            let redis = keep.redis.as_ref();
            redis.map(|redis| Redis::start(redis, run, &log_copy("redis.log"))).transpose()
        });
        let broker = keep.rabbitmq.as_ref();
        let rabbitmq = broker.map(|broker| RabbitMq::start(broker, run, &log_copy("rabbitmq.log"))).transpose();
        let postgres = postgres.join().unwrap_or_else(|_| Err("starting PostgreSQL panicked".into()));
        let redis = redis.join().unwrap_or_else(|_| Err("starting Redis panicked".into()));
        (postgres, rabbitmq, redis)
    })
}

type Wanted<Server> = Result<Option<Server>, String>;

/// Where a run's broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RabbitMqAddress {
    /// For AMQP clients.
    pub url: String,
    /// The management API.
    pub management_url: String,
    /// Its process id.
    pub process: u32,
}

/// What a keeper tells when its servers are ready.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    run: PathBuf,
    postgres: Option<String>,
    rabbitmq: Option<RabbitMqAddress>,
    redis: Option<String>,
}

impl Answer {
    fn lines(&self) -> String {
        let run = self.run.display();
        let postgres = self.postgres.as_deref().unwrap_or_default();
        let rabbitmq = self.rabbitmq.as_ref();
        let rabbitmq = rabbitmq.map(|broker| format!("{} {} {}", broker.url, broker.management_url, broker.process));
        let redis = self.redis.as_deref().unwrap_or_default();
        format!("{run}\n{postgres}\n{}\n{redis}\n", rabbitmq.unwrap_or_default())
    }

    fn read(answer: impl BufRead) -> Option<Self> {
        let mut lines = answer.lines().map_while(Result::ok);
        let (run, postgres, rabbitmq, redis) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
        let words: Vec<&str> = rabbitmq.split(' ').collect();
        let rabbitmq = match words.as_slice() {
            [url, management_url, process] => Some(RabbitMqAddress {
                url: (*url).to_owned(),
                management_url: (*management_url).to_owned(),
                process: process.parse().ok()?,
            }),
            _ => None,
        };
        let url = |line: String| Some(line).filter(|url| !url.is_empty());
        Some(Self { run: run.into(), postgres: url(postgres), rabbitmq, redis: url(redis) })
    }
}

/// The other side: a keeper that works as long as this value, and this process, lives.
pub struct Keeper {
    process: Child,
    life_line: Option<ChildStdin>,
    /// The run's directory.
    pub run: PathBuf,
    /// The URL of the run's PostgreSQL, when one was asked for.
    pub postgres: Option<String>,
    /// The run's RabbitMQ, when one was asked for.
    pub rabbitmq: Option<RabbitMqAddress>,
    /// The URL of the run's Redis, when one was asked for.
    pub redis: Option<String>,
}

impl Keeper {
    /// Starts a keeper, with the servers wanted, and waits until they are ready.
    ///
    /// # Errors
    /// When it does not come up; it has said why on standard error.
    pub fn start(keep: &Keep) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        // A keeper that a test has started ends through its pipe, not with the test's run: else its servers stayed.
        command.args(keep.words()).env_remove(leftovers::MARK).process_group(0);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = spawned.map_err(|error| format!("cannot start the keeper: {error}"))?;
        let (life_line, answer) = (process.stdin.take(), process.stdout.take());
        let mut keeper = Self { process, life_line, run: PathBuf::new(), postgres: None, rabbitmq: None, redis: None };
        let answer = read_answer(answer).ok_or("the private servers did not come up; see above")?;
        Answer { run: keeper.run, postgres: keeper.postgres, rabbitmq: keeper.rabbitmq, redis: keeper.redis } = answer;
        Ok(keeper)
    }

    /// The script that controls the run's RabbitMQ.
    pub fn rabbitmqctl(&self) -> PathBuf {
        self.run.join("rabbitmq/rabbitmqctl")
    }

    /// Waits until the keeper ends, which it does only when somebody ends it.
    pub fn wait(&mut self) {
        drop(self.process.wait());
    }
}

fn read_answer(answer: Option<ChildStdout>) -> Option<Answer> {
    Answer::read(BufReader::new(answer?))
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.life_line.take());
        drop(self.process.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_told() {
        let broker = RabbitMqAddress { url: "amqp://a".into(), management_url: "http://b".into(), process: 7 };
        for started in 0..8 {
            let answer = Answer {
                run: "/a b".into(),
                postgres: (started & 1 > 0).then(|| "postgres://x".to_owned()),
                rabbitmq: (started & 2 > 0).then(|| broker.clone()),
                redis: (started & 4 > 0).then(|| "redis://y".to_owned()),
            };
            assert_eq!(Answer::read(answer.lines().as_bytes()), Some(answer));
        }
    }

    #[test]
    fn a_keeper_that_fails_has_told_nothing() {
        assert_eq!(Answer::read(&b""[..]), None);
        assert_eq!(Answer::read(&b"/run\n"[..]), None);
    }
}
