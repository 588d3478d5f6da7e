//! `bookly doctor`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use actors::database::Engine;
use serde_json::Value;

use super::Failure;
use super::cache::summary;
use crate::control::{Control, ControlError};
use crate::output::say;
use crate::settings::Settings;

/// How long parts that are being connected to are waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The lines of the diagnosis, and whether all is in order.
struct Diagnosis {
    well: bool,
}

impl Diagnosis {
    fn tell(&mut self, well: bool, what: &str, text: &str) {
        self.well &= well;
        say!("{} {what:<14} {text}", if well { "ok  " } else { "FAIL" });
    }

    /// Something works less well than it should, and nothing is lost or wrong.
    fn warn(&self, what: &str, text: &str) {
        say!("warn {what:<14} {text}");
    }
}

pub(super) async fn run(settings: Settings) -> Result<ExitCode, Failure> {
    let mut diagnosis = Diagnosis { well: true };
    let directory = settings.data_dir.display().to_string();
    if settings.database.engine() == Engine::Sqlite && !settings.data_dir.is_dir() {
        diagnosis.tell(false, "data directory", &format!("there is no {directory}; name another one with --data-dir"));
        return Ok(ExitCode::FAILURE);
    }
    let control = match Control::reach(&settings).await {
        Ok(control) => control,
        Err(error) => {
            diagnosis.tell(false, "installation", &error.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    let running = if control.was_running() { "a server is running" } else { "no server is running" };
    diagnosis.tell(true, "data directory", &format!("{directory}: {running}"));
    diagnosis.tell(true, "time zone", settings.time_zone.name());
    let engine = match settings.database.engine() {
        Engine::Postgres => "PostgreSQL",
        Engine::Sqlite => "SQLite",
    };
    // A server that runs has settings of its own.
    let engine = if control.was_running() { "database" } else { engine };
    let readiness = readiness(&control).await;
    let cache = control.get("/admin/cache").await;
    let checks = control.get("/admin/checks").await;
    control.close().await;
    tell_readiness(&mut diagnosis, engine, &readiness?, &cache?);
    tell_checks(&mut diagnosis, &checks?);
    Ok(if diagnosis.well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the parts say, as soon as all are ready: broker and Redis are connected to while the command runs already.
async fn readiness(control: &Control) -> Result<Value, ControlError> {
    let began = Instant::now();
    loop {
        let readiness = control.get("/health/ready").await?;
        if readiness["status"] == "ready" || began.elapsed() > PATIENCE {
            return Ok(readiness);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn tell_readiness(diagnosis: &mut Diagnosis, engine: &str, readiness: &Value, cache: &Value) {
    for (part, state) in readiness["parts"].as_object().into_iter().flatten() {
        let status = state["status"].as_str().unwrap_or("unknown");
        let detail = match part.as_str() {
            "cache" => summary(cache),
            _ => state["detail"].as_str().unwrap_or_default().to_owned(),
        };
        let name = if part == "database" { engine } else { part };
        let text = format!("{status} {detail}");
        match status {
            "degraded" => diagnosis.warn(name, &text),
            _ => diagnosis.tell(status != "unready", name, &text),
        }
    }
}

fn tell_checks(diagnosis: &mut Diagnosis, checks: &Value) {
    for (what, count) in checks["compared"].as_object().into_iter().flatten() {
        diagnosis.tell(true, "compared", &format!("{count} {what} with their history or source"));
    }
    let undelivered = checks["undelivered"].as_i64().unwrap_or_default();
    if undelivered > 0 {
        say!("     events         {undelivered} are not delivered yet; projections may lag behind until they are");
    }
    for difference in checks["differences"].as_array().into_iter().flatten() {
        diagnosis.tell(undelivered > 0, "difference", difference.as_str().unwrap_or_default());
    }
}
