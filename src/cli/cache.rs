//! `bookly cache`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Failure, columns};
use crate::control::Control;
use crate::output::say;
use crate::settings::Settings;

const PATH: &str = "/admin/cache";

/// See how well the cache works, or forget what is in it.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Speak to the server at this address (`http://host:port`) instead of the one on the data directory.
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// The access token for --url, of a user who may operate.
    #[arg(long, global = true, env = "BOOKLY_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Hits, misses, errors and latencies of the running server, for each kind of key.
    Stats,
    /// Forget every key that fits a pattern, for example after the database was changed by hand or restored.
    Forget {
        /// A key in which * stands for any text, such as 'resources:list:*'; '*' alone is everything.
        pattern: String,
    },
}

pub(super) async fn run(settings: Settings, options: Options) -> Result<ExitCode, Failure> {
    let control = match &options.url {
        Some(url) => Control::remote(url, options.token.as_deref())?,
        None => Control::reach(&settings).await?,
    };
    if !control.was_running() && matches!(options.what, What::Stats) {
        // Apart from the answer, which may be for a program.
        let directory = settings.data_dir.display();
        eprintln!("no server is running on {directory}: this is a cache that was opened for this command alone");
    }
    let answer = match &options.what {
        What::Stats => control.get(PATH).await,
        What::Forget { pattern } => control.post(&format!("{PATH}/forget"), &json!({ "pattern": pattern })).await,
    };
    let statistics = control.get(PATH).await;
    control.close().await;
    let answer = answer?;
    match options.what {
        _ if options.json => say!("{}", serde_json::to_string_pretty(&answer)?),
        What::Stats => show(&answer),
        What::Forget { .. } => {
            say!("{} keys are forgotten. Cache: {}", answer["forgotten"], summary(&statistics?));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(statistics: &Value) {
    say!("{}", summary(statistics));
    let number = |value: &Value| if value.is_null() { "-".to_owned() } else { value.to_string() };
    let rows = statistics["families"].as_array().into_iter().flatten().map(|family| {
        let rate = family["hitRate"].as_f64().map_or("-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
        let counts = ["hits", "misses", "errors", "forgotten", "latencyP50Us", "latencyP99Us"];
        let mut row = vec![family["family"].as_str().unwrap_or_default().to_owned(), rate];
        row.extend(counts.map(|name| number(&family[name])));
        row
    });
    let titles = ["KEYS", "HIT RATE", "HITS", "MISSES", "ERRORS", "FORGOTTEN", "P50 US", "P99 US"];
    columns::print(&titles, &rows.collect::<Vec<_>>());
}

/// What the cache is and whether it is read, in one line.
pub(super) fn summary(statistics: &Value) -> String {
    let text = |name: &str| statistics[name].as_str();
    let store = match (text("store"), text("address")) {
        (Some("redis"), Some(address)) => format!("Redis at {address}"),
        (Some("in-process"), _) => "within the process".to_owned(),
        _ => "none".to_owned(),
    };
    let namespace = text("namespace").map(|name| format!(", keys begin with {name}")).unwrap_or_default();
    match (statistics["available"].as_bool(), text("trouble")) {
        (Some(true), Some(trouble)) => format!("{store}: is read{namespace}, but keeps nothing more ({trouble})"),
        (Some(true), None) => format!("{store}: is read{namespace}"),
        (_, Some(trouble)) => format!("{store}: reads go to the database ({trouble})"),
        _ => format!("{store}: reads go to the database"),
    }
}
