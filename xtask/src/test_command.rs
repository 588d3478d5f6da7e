//! `cargo xtask test`: the whole suite, with everything it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::arguments::{Broker, Engine, Keep, Redis, Test};
use crate::environment::{self, AMQP_MANAGEMENT_URL, AMQP_URL, DATABASE_URL, RABBITMQCTL, REDIS_URL};
use crate::needs::consumers::{Node, Python};
use crate::needs::{self, Missing, postgres, rabbitmq, redis};
use crate::private::keeper::Keeper;
use crate::private::leftovers::MARK;
use crate::skipped::Skipped;

/// Runs the tests and tells what was skipped. The exit code is cargo's, or a failure when a gate skipped something.
///
/// # Errors
/// When a private server or cargo cannot be started.
pub fn run(test: &Test) -> Result<ExitCode, String> {
    let missing = needs::ensure(&needs::of_tests(&test.engines));
    let keeper = Keeper::start(&private_servers(test, &missing)?)?;
    let servers = Servers::of(test, &keeper)?;
    let skip_file = keeper.run.join("skipped");

    let mut cargo = cargo_test(test, &servers, missing.is_empty());
    cargo.current_dir(environment::workspace_root()?).env(MARK, &keeper.run).env("BOOKLY_TEST_SKIPPED", &skip_file);
    for (name, value) in programs(test, &missing)? {
        cargo.env(name, value);
    }
    if keeper.rabbitmq.is_some() {
        cargo.env(RABBITMQCTL, keeper.rabbitmqctl());
    }
    let status = cargo.status().map_err(|error| format!("cannot run cargo: {error}"))?;

    let passed = report(&Skipped::new(&missing, &read(&skip_file)), environment::is_ci());
    match status.code() {
        Some(0) if passed => Ok(ExitCode::SUCCESS),
        Some(0) => Ok(ExitCode::FAILURE),
        // A cargo ended by a signal has no code of its own.
        code => Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
    }
}

/// The variables that name programs to the tests: each is there only where its program is.
fn programs(test: &Test, missing: &[Missing]) -> Result<Vec<(&'static str, PathBuf)>, String> {
    let there = |name: &str| missing.iter().all(|need| need.name != name);
    let mut programs = vec![];
    if can_start_brokers(test, missing) {
        programs.push(("BOOKLY_TEST_XTASK", std::env::current_exe().map_err(|error| error.to_string())?));
    }
    if can_start_redis(test, missing) {
        programs.push(("BOOKLY_TEST_REDIS_SERVER", redis::server()?));
    }
    if test.engines.contains(&Engine::Postgres) && there("Python") {
        programs.push(("BOOKLY_TEST_PYTHON", Python::program()?));
    }
    if let Some(node) = environment::program("node").filter(|_| there("Node.js")) {
        programs.extend([("BOOKLY_TEST_NODE", node), ("BOOKLY_TEST_NODE_MODULES", Node::modules()?)]);
    }
    Ok(programs)
}

/// Whether tests can have brokers of their own, by `xtask rabbitmq`.
fn can_start_brokers(test: &Test, missing: &[Missing]) -> bool {
    test.engines.contains(&Engine::Postgres) && missing.iter().all(|need| need.name != "RabbitMQ")
}

/// Whether tests can have Redis servers of their own.
fn can_start_redis(test: &Test, missing: &[Missing]) -> bool {
    test.engines.contains(&Engine::Postgres) && missing.iter().all(|need| need.name != "Redis")
}

/// What of its servers the run has to start itself.
fn private_servers(test: &Test, missing: &[Missing]) -> Result<Keep, String> {
    let postgres = test.engines.contains(&Engine::Postgres)
        && environment::database_url().is_none()
        && missing.iter().all(|need| need.name != "PostgreSQL");
    let rabbitmq = can_start_brokers(test, missing) && environment::amqp_urls()?.is_none();
    let redis = can_start_redis(test, missing) && environment::redis_url().is_none();
    let server = || redis::server().map(|program| Redis { program, port: None });
    let broker = || rabbitmq::binaries().map(|bin| Broker { bin, ..Broker::default() });
    Ok(Keep {
        private: environment::private_directory()?,
        postgres: postgres.then(postgres::binaries).transpose()?,
        redis: redis.then(server).transpose()?,
        rabbitmq: rabbitmq.then(broker).transpose()?,
    })
}

/// The servers that are named to the tests.
#[derive(Default)]
struct Servers {
    database: Option<String>,
    /// The broker and its management API.
    amqp: Option<(String, String)>,
    redis: Option<String>,
}

impl Servers {
    fn of(test: &Test, keeper: &Keeper) -> Result<Self, String> {
        if !test.engines.contains(&Engine::Postgres) {
            return Ok(Self::default());
        }
        let private = keeper.rabbitmq.as_ref().map(|broker| (broker.url.clone(), broker.management_url.clone()));
        Ok(Self {
            database: environment::database_url().or_else(|| keeper.postgres.clone()),
            amqp: environment::amqp_urls()?.or(private),
            redis: environment::redis_url().or_else(|| keeper.redis.clone()),
        })
    }
}

fn cargo_test(test: &Test, servers: &Servers, complete: bool) -> Command {
    let mut cargo = environment::cargo();
    cargo.arg("test");
    if !names_packages(&test.cargo) {
        cargo.arg("--workspace");
    }
    cargo.args(&test.cargo);
    let engines: Vec<&str> = test.engines.iter().map(|engine| engine.name()).collect();
    cargo.env("BOOKLY_TEST_ENGINES", engines.join(","));
    let (amqp, management) = servers.amqp.clone().unzip();
    for (name, url) in [
        (DATABASE_URL, servers.database.clone()),
        (AMQP_URL, amqp),
        (AMQP_MANAGEMENT_URL, management),
        (REDIS_URL, servers.redis.clone()),
    ] {
        match url {
            Some(url) => cargo.env(name, url),
            None => cargo.env_remove(name),
        };
    }
    if complete {
        cargo.env("BOOKLY_TEST_REQUIRED", "1");
    }
    cargo
}

/// Whether the user chose packages: cargo's `--workspace` would override that choice.
fn names_packages(arguments: &[String]) -> bool {
    let options = arguments.iter().take_while(|word| *word != "--");
    let long = |word: &str| word == "--package" || word.starts_with("--package=");
    options.into_iter().any(|word| long(word) || (word.starts_with("-p") && !word.starts_with("--")))
}

fn read(skip_file: &Path) -> String {
    // Without the file no test skipped anything.
    fs::read_to_string(skip_file).unwrap_or_default()
}

/// Prints what was skipped; whether the run passes as far as that goes.
fn report(skipped: &Skipped, gate: bool) -> bool {
    for line in skipped.report() {
        eprintln!("{line}");
    }
    let fails = gate && skipped.fails_a_gate();
    if fails {
        eprintln!("CI is set, so what was skipped fails the run");
    }
    !fails
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    fn variable<'a>(command: &'a Command, name: &str) -> Option<Option<&'a OsStr>> {
        command.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    #[test]
    fn chosen_packages_replace_the_workspace() {
        for (line, named) in
            [("-p amqp", true), ("-pamqp", true), ("--package=amqp", true), ("--lib", false), ("-- -p", false)]
        {
            assert_eq!(names_packages(&words(line)), named, "{line}");
        }
    }

    fn servers() -> Servers {
        let amqp = Some(("amqp://y".into(), "http://z".into()));
        Servers { database: Some("postgres://x".into()), amqp, redis: Some("redis://w".into()) }
    }

    #[test]
    fn servers_are_named_to_the_tests() {
        let both = Test { engines: vec![Engine::Sqlite, Engine::Postgres], cargo: words("--lib") };
        let command = cargo_test(&both, &servers(), true);
        for (name, value) in [
            (DATABASE_URL, "postgres://x"),
            (AMQP_URL, "amqp://y"),
            (AMQP_MANAGEMENT_URL, "http://z"),
            (REDIS_URL, "redis://w"),
            ("BOOKLY_TEST_ENGINES", "sqlite,postgres"),
        ] {
            assert_eq!(variable(&command, name), Some(Some(OsStr::new(value))));
        }
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["test", "--workspace", "--lib"]);
    }

    #[test]
    fn what_the_run_does_not_use_is_hidden_from_the_tests() {
        let sqlite = Test { engines: vec![Engine::Sqlite], cargo: vec![] };
        let command = cargo_test(&sqlite, &Servers::default(), true);
        for name in [DATABASE_URL, AMQP_URL, AMQP_MANAGEMENT_URL, REDIS_URL] {
            assert_eq!(variable(&command, name), Some(None));
        }
    }

    #[test]
    fn nothing_is_started_for_sqlite_or_without_its_programs() {
        let missing = |name| Missing { name, reason: String::new() };
        let postgres = Test { engines: vec![Engine::Postgres], cargo: vec![] };
        let sqlite = Test { engines: vec![Engine::Sqlite], cargo: vec![] };
        for keep in [
            private_servers(&postgres, &["PostgreSQL", "RabbitMQ", "Redis"].map(missing)).unwrap(),
            private_servers(&sqlite, &[]).unwrap(),
        ] {
            assert_eq!((keep.postgres, keep.rabbitmq, keep.redis), (None, None, None));
        }
    }

    #[test]
    fn nothing_is_required_of_the_tests_when_a_need_is_missing() {
        let test = Test { engines: vec![Engine::Postgres], cargo: vec![] };
        assert_eq!(variable(&cargo_test(&test, &servers(), false), "BOOKLY_TEST_REQUIRED"), None);
        let command = cargo_test(&test, &servers(), true);
        assert_eq!(variable(&command, "BOOKLY_TEST_REQUIRED"), Some(Some(OsStr::new("1"))));
    }

    #[test]
    fn programs_that_are_missing_are_not_named() {
        let test = Test { engines: vec![Engine::Sqlite, Engine::Postgres], cargo: vec![] };
        let missing = ["RabbitMQ", "Python", "Redis", "Node.js"].map(|name| Missing { name, reason: String::new() });
        assert_eq!(programs(&test, &missing), Ok(vec![]));
        let named = programs(&test, &missing[2..]).unwrap();
        assert_eq!(
            named.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["BOOKLY_TEST_XTASK", "BOOKLY_TEST_PYTHON"]
        );
        // Only where it is there it can be named.
        if let Ok(server) = redis::server() {
            let named = programs(&test, &missing[3..]).unwrap();
            assert!(named.contains(&("BOOKLY_TEST_REDIS_SERVER", server)), "{named:?}");
        }
    }

    #[test]
    fn a_skip_fails_only_a_gate() {
        let skipped = Skipped::new(&[], "redis");
        assert!(report(&skipped, false) && !report(&skipped, true));
    }
}
