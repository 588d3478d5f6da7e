//! `bookly topology`.

mod broker;
mod text;

use std::process::ExitCode;

use actors::database::Database;
use actors::event_store::recovery;
use amqp::topology::{Difference, Topology};
use amqp::transport::rabbitmq::{self, Applied, Recreate};
use clap::{Args, Subcommand};
use serde::Serialize;

use self::broker::{Broker, Seen};
use super::Failure;
use crate::app::make_directory;
use crate::output::say;
use crate::settings::Settings;

/// The exit code when the broker cannot be asked.
const UNREACHABLE: u8 = 2;

/// How to look at the broker.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// RabbitMQ's management API, http://host:15672 or http://user:password@host:15672 [default: the host and the user
    /// of AMQP_URL, port 15672].
    #[arg(long, global = true, env = "RABBITMQ_MANAGEMENT_URL", hide_env_values = true, value_name = "URL")]
    management_url: Option<String>,
    #[command(subcommand)]
    what: Option<What>,
}

/// What to do with the broker's exchanges, queues and bindings.
#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Show what must be there; asks no broker. This is also done when nothing is said.
    Show,
    /// Compare with the broker. Exit code 0: all is as it must be; 1: something differs; 2: the broker cannot be asked.
    Diff,
    /// Make what is missing and unbind what nobody handles any more. Exit codes as with diff.
    Apply {
        /// Also delete what is there and is wrong, and make it anew: a queue that is empty and has no consumer, an
        /// exchange that no other program uses.
        #[arg(long)]
        recreate: bool,
        /// With --recreate: even if messages are lost. Events of Bookly are published again; those of other programs
        /// are gone.
        #[arg(long, requires = "recreate")]
        force: bool,
    },
}

pub(super) async fn run(settings: Settings, options: Options) -> Result<ExitCode, Failure> {
    let what = options.what.unwrap_or(What::Show);
    if let What::Show = what {
        return show(options.json);
    }
    let broker = match &settings.amqp_url {
        Some(url) => Broker::new(url, options.management_url.as_deref()),
        None => Err("there is no broker to look at; name it with AMQP_URL or --amqp-url".to_owned()),
    };
    let done = match (broker, what) {
        (Ok(broker), What::Apply { recreate, force }) => {
            let recreate = match (recreate, force) {
                (false, _) => Recreate::Never,
                (true, false) => Recreate::WhenUnused,
                (true, true) => Recreate::Always,
            };
            apply(&settings, &broker, recreate, options.json).await
        }
        (Ok(broker), _) => diff(&broker, options.json).await,
        (Err(problem), _) => Err(problem.into()),
    };
    done.or_else(|problem| {
        eprintln!("bookly: {problem}");
        Ok(ExitCode::from(UNREACHABLE))
    })
}

fn show(json: bool) -> Result<ExitCode, Failure> {
    let topology = Topology::of_catalogue();
    if json {
        say!("{}", serde_json::to_string_pretty(&topology)?);
    } else {
        say!("{}", text::topology(&topology).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said about a broker in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    equal: bool,
    differences: &'a [Difference],
    /// What could not be looked at.
    unseen: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<&'a Applied>,
}

async fn diff(broker: &Broker, json: bool) -> Result<ExitCode, Failure> {
    let seen = broker.look().await?;
    report(broker, &seen, None, json)
}

async fn apply(settings: &Settings, broker: &Broker, recreate: Recreate, json: bool) -> Result<ExitCode, Failure> {
    let before = broker.look().await?;
    make_directory(&settings.data_dir)?;
    // Events whose queue is gone go back into the outbox.
    let database = Database::open(settings.database.clone())?;
    let options = rabbitmq::Options { url: broker.url().to_owned(), recover: recovery::hook(database) };
    let applied = rabbitmq::apply(&options, before.live.as_ref(), recreate).await?;
    let mut after = broker.look().await?;
    after.keep_reasons(&applied);
    report(broker, &after, Some(&applied), json)
}

fn report(broker: &Broker, seen: &Seen, applied: Option<&Applied>, json: bool) -> Result<ExitCode, Failure> {
    let equal = seen.differences.is_empty();
    if json {
        let report = Report { equal, differences: &seen.differences, unseen: &seen.unseen, applied };
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        say!("{}", text::report(&broker.to_string(), seen, applied).trim_end());
    }
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
