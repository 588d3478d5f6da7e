//! The servers of a run, as `cargo xtask bench` names them.

use std::path::PathBuf;

use crate::Outcome;

/// Where the servers and programs of a run are.
#[derive(Debug, Clone)]
pub struct Servers {
    /// The program that is measured.
    pub bookly: PathBuf,
    /// PostgreSQL, as a user who may create databases: `postgres://user@host:port/postgres`.
    pub database_url: String,
    /// pgbench of that PostgreSQL.
    pub pgbench: PathBuf,
    /// RabbitMQ.
    pub amqp_url: String,
    /// Its management API.
    pub amqp_management_url: String,
    /// Redis.
    pub redis_url: String,
    /// Where reports are written: the directory `bench` of the workspace.
    pub reports: PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "the home of environment reading in this package")]
fn variable(name: &str) -> Outcome<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: start this as `cargo xtask bench`").into())
}

impl Servers {
    /// Those that the environment names.
    ///
    /// # Errors
    /// When one is not named.
    pub fn of_environment() -> Outcome<Self> {
        Ok(Self {
            bookly: variable("BOOKLY_BENCH_PROGRAM")?.into(),
            database_url: variable("BOOKLY_BENCH_DATABASE_URL")?,
            pgbench: variable("BOOKLY_BENCH_PGBENCH")?.into(),
            amqp_url: variable("BOOKLY_BENCH_AMQP_URL")?,
            amqp_management_url: variable("BOOKLY_BENCH_AMQP_MANAGEMENT_URL")?,
            redis_url: variable("BOOKLY_BENCH_REDIS_URL")?,
            reports: variable("BOOKLY_BENCH_REPORTS")?.into(),
        })
    }
}
