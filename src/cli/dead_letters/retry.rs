//! `bookly dead-letters retry`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Filter, PATH, show};
use crate::cli::Failure;
use crate::control::Control;

/// How often the outcome is asked for.
const LOOK: Duration = Duration::from_millis(100);
/// How long the outcome of one retry is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which ones, and how.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The one to retry; leave it out to retry all that match.
    #[arg(conflicts_with_all = ["all", "per_second", "consumer", "event_type", "fingerprint", "reason", "aggregate"])]
    id: Option<Uuid>,
    /// A file with the payload (JSON) to put in place of the one that it came with; - is standard input.
    #[arg(long, requires = "id", value_name = "FILE")]
    data: Option<PathBuf>,
    /// Retry every one that waits for an operator.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
    /// How many a second at most, 1 to 1000.
    #[arg(long, default_value_t = 10)]
    per_second: u32,
}

pub(super) async fn run(control: &Control, options: Options, json: bool) -> Result<ExitCode, Failure> {
    if let Some(id) = options.id {
        return one(control, id, options.data.as_deref(), json).await;
    }
    if options.data.is_some() {
        // clap waives `requires` where the required one conflicts with another that is given.
        return Err("--data is the payload of one dead letter: give its ID, without --all or a filter".into());
    }
    let filter: Map<String, Value> =
        options.filter.parts().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    if filter.is_empty() && !options.all {
        return Err(
            "name a dead letter, or which ones with --consumer, --type, --fingerprint, --reason or --aggregate; \
                    --all retries every one that waits for an operator"
                .into(),
        );
    }
    many(control, &json!({ "filter": filter, "perSecond": options.per_second }), json).await
}

async fn one(control: &Control, id: Uuid, data: Option<&Path>, json: bool) -> Result<ExitCode, Failure> {
    let body = match data {
        Some(path) => json!({ "data": payload(path)? }),
        None => json!({}),
    };
    control.post(&format!("{PATH}/{id}/retry"), &body).await?;
    let path = format!("{PATH}/{id}");
    let in_time = tokio::time::timeout(PATIENCE, until(control, &path, &["failed", "resolved"])).await;
    let letter =
        in_time.map_err(|_| format!("{id} is not decided yet; look with: bookly dead-letters show {id}"))??;
    tell(json, &letter, show::outcome)?;
    Ok(if letter["state"] == "resolved" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn many(control: &Control, body: &Value, json: bool) -> Result<ExitCode, Failure> {
    let begun = control.post(&format!("{PATH}/retry"), body).await?;
    let path = format!("{PATH}/retries/{}", begun["id"].as_str().unwrap_or_default());
    let bulk = until(control, &path, &["done", "stopped"]).await?;
    tell(json, &bulk, show::bulk)?;
    let clean = bulk["state"] == "done" && bulk["failedAgain"] == 0;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn until(control: &Control, path: &str, states: &[&str]) -> Result<Value, Failure> {
    loop {
        let found = control.get(path).await?;
        if found["state"].as_str().is_some_and(|state| states.contains(&state)) {
            return Ok(found);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn payload(path: &Path) -> Result<Value, Failure> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(serde_json::from_str(&text).map_err(|error| format!("{} is not JSON: {error}", path.display()))?)
}

fn tell(json: bool, answer: &Value, print: fn(&Value)) -> Result<(), Failure> {
    super::tell(json, answer, print).map(drop)
}
