//! `cargo xtask bench`: Bookly beside its references, with everything they need.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::arguments::{Bench, Broker, Keep, Redis};
use crate::environment;
use crate::needs::{self, Need, postgres, rabbitmq, redis};
use crate::private::keeper::Keeper;
use crate::private::leftovers::MARK;

/// Builds both programs, starts the servers and measures.
///
/// # Errors
/// When a server is not to be had, or a program cannot be built or started.
pub fn run(bench: &Bench) -> Result<ExitCode, String> {
    let needed: Vec<Box<dyn Need>> = vec![
        Box::new(postgres::Postgres::default()),
        Box::new(rabbitmq::RabbitMq::default()),
        Box::new(redis::Redis::default()),
    ];
    if let Some(missing) = needs::ensure(&needed).first() {
        return Err(format!("{}: {}", missing.name, missing.reason));
    }
    build(bench)?;
    if let Some(code) = ask(bench)? {
        return Ok(code);
    }
    let keeper = Keeper::start(&Keep {
        private: environment::private_directory()?,
        postgres: Some(postgres::binaries()?),
        redis: Some(Redis { program: redis::server()?, port: None }),
        rabbitmq: Some(Broker { bin: rabbitmq::binaries()?, ..Broker::default() }),
    })?;
    let mut measure = measuring(bench, &keeper)?;
    let status = measure.status().map_err(|error| format!("cannot run the measuring program: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the measuring program says without any server: what was asked for, or why its arguments cannot be meant.
fn ask(bench: &Bench) -> Result<Option<ExitCode>, String> {
    let mut words = bench.words.clone();
    if !bench.asks {
        words.push("--check".to_owned());
    }
    let status = Command::new(programs(bench)?.join("bench")).args(words).status();
    let status = status.map_err(|error| format!("cannot run the measuring program: {error}"))?;
    let code = if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    Ok((bench.asks || !status.success()).then_some(code))
}

fn programs(bench: &Bench) -> Result<PathBuf, String> {
    Ok(environment::target_directory()?.join(if bench.smoke { "debug" } else { "release" }))
}

fn build(bench: &Bench) -> Result<(), String> {
    let mut cargo = environment::cargo();
    cargo.args(["build", "--package", "bookly", "--package", "bench", "--bins"]);
    if !bench.smoke {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(environment::workspace_root()?).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the programs could not be built ({status})")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

fn measuring(bench: &Bench, keeper: &Keeper) -> Result<Command, String> {
    let programs = programs(bench)?;
    let broker = keeper.rabbitmq.as_ref().ok_or("the keeper named no RabbitMQ")?;
    let url = |url: &Option<String>| url.clone().unwrap_or_default();
    let mut measure = Command::new(programs.join("bench"));
    measure.args(&bench.words).env(MARK, &keeper.run);
    // So that whatever it makes goes when the servers go, also when it is interrupted.
    measure.env("TMPDIR", &keeper.run);
    measure.env("BOOKLY_BENCH_PROGRAM", programs.join("bookly"));
    measure.env("BOOKLY_BENCH_DATABASE_URL", url(&keeper.postgres));
    measure.env("BOOKLY_BENCH_PGBENCH", pgbench(&postgres::binaries()?));
    measure.env("BOOKLY_BENCH_AMQP_URL", &broker.url);
    measure.env("BOOKLY_BENCH_AMQP_MANAGEMENT_URL", &broker.management_url);
    measure.env("BOOKLY_BENCH_REDIS_URL", url(&keeper.redis));
    measure.env("BOOKLY_BENCH_REPORTS", environment::workspace_root()?.join("bench"));
    Ok(measure)
}

/// Of the same PostgreSQL as the server, where that brings it; else the one of `PATH`.
fn pgbench(binaries: &Path) -> PathBuf {
    let own = binaries.join("pgbench");
    if own.is_file() { own } else { environment::program("pgbench").unwrap_or(own) }
}
