//! The command line.

mod cache;
mod columns;
mod contract;
mod dead_letters;
mod doctor;
mod import;
mod serve;
mod topology;
mod user;

use std::process::ExitCode;

use actors::database;
use clap::{Parser, Subcommand};

use crate::app::make_directory;
use crate::demo;
use crate::output::say;
use crate::settings::{Flags, Settings};
use crate::telemetry::log_to_stderr;

/// Reservations for a university's rooms, labs and equipment.
#[derive(Debug, Parser)]
#[command(name = "bookly", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try Bookly: a sample campus in a throw-away directory, played through and served.
    Demo(demo::Options),
    /// Run the server.
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Import data.
    #[command(subcommand)]
    Import(import::What),
    /// Manage users.
    #[command(subcommand)]
    User(user::What),
    /// Write asyncapi.yml and docs/services from the event catalogue.
    Contract(contract::Options),
    /// Show what must be on the RabbitMQ broker, compare it with what is there, or make it so.
    Topology(topology::Options),
    /// Look at events that could not be handled, and decide what becomes of them.
    DeadLetters(dead_letters::Options),
    /// See how well the cache works, or forget what is in it.
    Cache(cache::Options),
    /// Look whether everything is in order.
    Doctor,
}

/// What a command ends with when it failed.
type Failure = Box<dyn std::error::Error>;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bookly: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    if let Command::Contract(options) = &cli.command {
        return contract::run(options);
    }
    let settings = Settings::load(cli.flags)?;
    // What speaks to a person logs only what went wrong, so that its own words can be read.
    let level = match cli.command {
        Command::Serve => settings.log.clone(),
        // The AMQP library logs every refusal of the broker as an error, also those that are the answer to a question.
        _ if settings.log == "info" => "warn".to_owned(),
        _ => settings.log.clone(),
    };
    log_to_stderr(&level, settings.log_format);
    let system = actix_rt::System::new();
    match cli.command {
        Command::Demo(options) => system.block_on(demo::run(settings, options)),
        Command::Serve => system.block_on(serve::run(settings)),
        Command::Migrate => migrate(&settings),
        Command::Import(what) => system.block_on(import::run(settings, what)),
        Command::User(what) => system.block_on(user::run(settings, what)),
        Command::Topology(options) => system.block_on(topology::run(settings, options)),
        Command::DeadLetters(options) => system.block_on(dead_letters::run(settings, options)),
        Command::Cache(options) => system.block_on(cache::run(settings, options)),
        Command::Doctor => system.block_on(doctor::run(settings)),
        Command::Contract(_) => Ok(ExitCode::SUCCESS),
    }
}

fn migrate(settings: &Settings) -> Result<ExitCode, Failure> {
    make_directory(&settings.data_dir)?;
    let applied = database::migrate(&settings.database)?;
    match applied.len() {
        0 => say!("the schema is up to date"),
        count => say!("{count} migrations applied: {}", applied.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}
