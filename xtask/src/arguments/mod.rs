//! The command line: pure parsing, no side effects.

use std::ffi::OsString;
use std::path::PathBuf;

mod bench;
mod broker;
mod options;
mod redis;

pub use bench::Bench;
pub use broker::Broker;
pub use redis::Redis;

/// What `cargo xtask` prints when asked nothing, or something it does not know.
pub const HELP: &str = "\
cargo xtask COMMAND

  test [--engine sqlite|postgres|sqlite,postgres] [-- ARGS]
            run every test of the workspace. What the tests need is found, or installed where this user may
            install; a private PostgreSQL, RabbitMQ and Redis are started, and are stopped and deleted again
            whatever happens. ARGS go to `cargo test`, as in: cargo xtask test -- -p actors -- availability
  bench [--smoke] [--rounds N] [--largest N] [NAME...]
            measure Bookly beside references of its parts, on private servers, and write bench/REPORT.md; with --smoke
            only show that each case works; --list names the cases, --help tells more
  postgres  run the same private PostgreSQL until Ctrl-C and print its URL, for development
  rabbitmq [--directory DIR] [--port PORT] [--management-port PORT]
            run a private RabbitMQ until Ctrl-C or the end of standard input, and print its URL, its management
            API's URL and its process id. In DIR its data stays, for another start with the same DIR and ports;
            DIR/rabbitmqctl controls it.
  redis [--port PORT]
            run a private Redis until Ctrl-C or the end of standard input, and print its URL; it stores nothing on disk
  help      print this

Environment:
  BOOKLY_TEST_DATABASE_URL  use this PostgreSQL instead of a private one; its user must be able to create databases
  BOOKLY_TEST_AMQP_URL, BOOKLY_TEST_AMQP_MANAGEMENT_URL
                            use this RabbitMQ instead of a private one, whose user must be an administrator;
                            BOOKLY_TEST_RABBITMQCTL names the rabbitmqctl that reaches it
  BOOKLY_TEST_REDIS_URL     use this Redis instead of a private one; the tests remove their keys from it again
  CI=true                   anything skipped fails the run (except optional data sets)";

/// A database engine the suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database; it is compiled in and needs no server.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Engine {
    /// The word used on the command line and in `BOOKLY_TEST_ENGINES`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
    }

    fn parse(word: &str) -> Result<Self, String> {
        [Engine::Sqlite, Engine::Postgres]
            .into_iter()
            .find(|engine| engine.name() == word)
            .ok_or_else(|| format!("`{word}` is not an engine: use sqlite, postgres or sqlite,postgres"))
    }
}

/// `cargo xtask test`.
#[derive(Debug, PartialEq, Eq)]
pub struct Test {
    /// The engines to run on, in the order given.
    pub engines: Vec<Engine>,
    /// Passed to `cargo test` as they are.
    pub cargo: Vec<String>,
}

/// `xtask keep`, which only xtask itself calls: `keep PRIVATE [postgres BIN] [redis PROGRAM PORT]
/// [rabbitmq OPTIONS]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Where private directories are made.
    pub private: PathBuf,
    /// The PostgreSQL binaries, when a server is wanted.
    pub postgres: Option<PathBuf>,
    /// The Redis, when one is wanted.
    pub redis: Option<Redis>,
    /// The broker, when one is wanted.
    pub rabbitmq: Option<Broker>,
}

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Run the tests.
    Test(Test),
    /// Measure.
    Bench(Bench),
    /// Run a private PostgreSQL in the foreground.
    Postgres,
    /// Run a private RabbitMQ in the foreground.
    RabbitMq(Broker),
    /// Run a private Redis in the foreground.
    Redis(Redis),
    /// Own a private directory and its servers until standard input ends.
    Keep(Keep),
}

/// Parses what follows `cargo xtask`.
///
/// # Errors
/// A sentence for the user when a word is not understood.
pub fn parse(given: &[String]) -> Result<Command, String> {
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => Ok(Command::Help),
        ["test", rest @ ..] if asks_for_help(rest) => Ok(Command::Help),
        ["test", rest @ ..] => parse_test(rest).map(Command::Test),
        ["bench", rest @ ..] => Ok(Command::Bench(Bench::parse(rest))),
        ["postgres"] => Ok(Command::Postgres),
        ["postgres", word, ..] => Err(format!("`postgres` takes no `{word}`")),
        ["rabbitmq", rest @ ..] if asks_for_help(rest) => Ok(Command::Help),
        ["rabbitmq", rest @ ..] => Broker::parse(rest).map(Command::RabbitMq),
        ["redis", rest @ ..] if asks_for_help(rest) => Ok(Command::Help),
        ["redis", rest @ ..] => Redis::parse(rest).map(Command::Redis),
        ["keep", private, rest @ ..] => parse_keep(private, rest).map(Command::Keep),
        [word, ..] => Err(format!("there is no command `{word}`")),
    }
}

fn asks_for_help(words: &[&str]) -> bool {
    words.iter().take_while(|word| **word != "--").any(|word| ["--help", "-h"].contains(word))
}

fn parse_test(words: &[&str]) -> Result<Test, String> {
    let mut engines = vec![Engine::Sqlite, Engine::Postgres];
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let value = match word.strip_prefix("--engine=") {
            Some(value) => value,
            None if word == "--engine" => words.next().ok_or("`--engine` needs a value, such as sqlite")?,
            None if word == "--" => break,
            None => {
                return Err(format!("`{word}` is not an option of `test`; put arguments of cargo test after `--`"));
            }
        };
        engines = value.split(',').map(Engine::parse).collect::<Result<_, _>>()?;
    }
    Ok(Test { engines, cargo: words.map(ToString::to_string).collect() })
}

fn parse_keep(private: &str, words: &[&str]) -> Result<Keep, String> {
    let (postgres, words) = match words {
        ["postgres", bin, rest @ ..] => (Some(bin.into()), rest),
        words => (None, words),
    };
    let (redis, words) = match words {
        ["redis", program, port, rest @ ..] => (Some(Redis::read(program, port)?), rest),
        words => (None, words),
    };
    let rabbitmq = match words {
        [] => None,
        ["rabbitmq", rest @ ..] => Some(Broker::parse(rest)?),
        [word, ..] => return Err(format!("`keep` takes no `{word}`")),
    };
    Ok(Keep { private: private.into(), postgres, redis, rabbitmq })
}

impl Keep {
    /// The words that [`parse`] reads as this.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["keep".into(), self.private.clone().into()];
        if let Some(bin) = &self.postgres {
            words.extend(["postgres".into(), bin.into()]);
        }
        if let Some(redis) = &self.redis {
            words.push("redis".into());
            words.extend(redis.words());
        }
        if let Some(broker) = &self.rabbitmq {
            words.push("rabbitmq".into());
            words.extend(broker.words());
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    fn test(engines: &[Engine], cargo: &[&str]) -> Result<Command, String> {
        let cargo = cargo.iter().map(ToString::to_string).collect();
        Ok(Command::Test(Test { engines: engines.to_vec(), cargo }))
    }

    #[test]
    fn nothing_or_help_asks_for_help() {
        for line in ["", "help", "--help", "-h", "test --help"] {
            assert_eq!(parsed(line), Ok(Command::Help), "{line}");
        }
    }

    #[test]
    fn tests_run_on_both_engines_unless_told() {
        assert_eq!(parsed("test"), test(&[Engine::Sqlite, Engine::Postgres], &[]));
        assert_eq!(parsed("test --engine sqlite"), test(&[Engine::Sqlite], &[]));
        assert_eq!(parsed("test --engine=postgres"), test(&[Engine::Postgres], &[]));
        assert_eq!(parsed("test --engine postgres,sqlite"), test(&[Engine::Postgres, Engine::Sqlite], &[]));
    }

    #[test]
    fn everything_after_the_first_dashes_is_for_cargo() {
        let both = [Engine::Sqlite, Engine::Postgres];
        assert_eq!(parsed("test -- -p amqp -- --help"), test(&both, &["-p", "amqp", "--", "--help"]));
        assert_eq!(parsed("test --engine sqlite -- --engine x"), test(&[Engine::Sqlite], &["--engine", "x"]));
    }

    #[test]
    fn a_broker_has_options() {
        let broker = Broker { port: Some(7), ..Broker::default() };
        assert_eq!(parsed("rabbitmq --port 7"), Ok(Command::RabbitMq(broker)));
        assert_eq!(parsed("rabbitmq --help"), Ok(Command::Help));
    }

    #[test]
    fn a_redis_has_a_port() {
        assert_eq!(parsed("redis"), Ok(Command::Redis(Redis::default())));
        assert_eq!(parsed("redis --port=7"), Ok(Command::Redis(Redis { port: Some(7), ..Redis::default() })));
        assert_eq!(parsed("redis -h"), Ok(Command::Help));
    }

    #[test]
    fn what_is_told_to_the_keeper_is_what_it_reads() {
        let broker = Broker { bin: "/r".into(), directory: Some("redis".into()), ..Broker::default() };
        let redis = Redis { program: "rabbitmq".into(), port: None };
        for wanted in 0..8 {
            let keep = Keep {
                private: "/x".into(),
                postgres: (wanted & 1 > 0).then(|| "/p".into()),
                redis: (wanted & 2 > 0).then(|| redis.clone()),
                rabbitmq: (wanted & 4 > 0).then(|| broker.clone()),
            };
            let words: Vec<String> = keep.words().iter().map(|word| word.to_str().unwrap().to_owned()).collect();
            assert_eq!(parse(&words), Ok(Command::Keep(keep)));
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, named) in [
            ("tset", "`tset`"),
            ("test -p amqp", "`-p`"),
            ("test --engine", "needs a value"),
            ("test --engine mysql", "`mysql`"),
            ("postgres now", "`now`"),
            ("keep", "`keep`"),
            ("keep p twice", "`twice`"),
            ("keep p redis /r now", "`now`"),
            ("rabbitmq now", "`now`"),
            ("redis now", "`now`"),
        ] {
            let problem = parsed(line).expect_err(line);
            assert!(problem.contains(named), "{line}: {problem}");
        }
    }
}
