//! `bookly import`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use actors::imports::ImportReport;
use chrono::NaiveDate;
use clap::Subcommand;
use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::control::Control;
use crate::output::say;
use crate::settings::Settings;

/// How often the progress is asked for.
const LOOK: Duration = Duration::from_millis(100);
/// Findings of a kind that are shown before the rest is only counted.
const SHOWN: usize = 20;

/// What to import.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Import a timetable (CSV, UTF-8): rooms become resources, blocks of hours become weekly series.
    Timetable {
        /// The file.
        file: PathBuf,
        /// The first day of the term.
        #[arg(long)]
        from: NaiveDate,
        /// The last day of the term.
        #[arg(long)]
        to: NaiveDate,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
        /// Import nothing when a row is refused.
        #[arg(long)]
        strict: bool,
        /// Print the whole report as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(settings: Settings, what: What) -> Result<ExitCode, Failure> {
    let What::Timetable { file, from, to, dry_run, strict, json } = what;
    let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let control = Control::reach(&settings).await?;
    let path = format!("/imports/timetable?from={from}&to={to}&dryRun={dry_run}&strict={strict}");
    let report = import(&control, &path, bytes).await;
    control.close().await;
    let report = report?;
    if json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    let clean = report.refused.is_empty() && report.error.is_none();
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import(control: &Control, path: &str, file: Vec<u8>) -> Result<ImportReport, Failure> {
    let headers = [("content-type", "text/csv"), ("prefer", "respond-async")];
    let begun = control.send(Method::POST, path, &headers, file).await?;
    let id = begun["id"].as_str().unwrap_or_default().to_owned();
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} blocks {elapsed}")?);
    loop {
        let report: ImportReport = serde_json::from_value(control.get(&format!("/imports/{id}")).await?)?;
        bar.set_length(u64::try_from(report.blocks).unwrap_or_default());
        bar.set_position(u64::try_from(report.done).unwrap_or_default());
        if report.finished {
            bar.finish_and_clear();
            return Ok(report);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn print(report: &ImportReport) {
    if let Some(error) = &report.error {
        say!("{error}");
    }
    let would = if report.dry_run { "would be " } else { "" };
    say!("{} rows, {} weekly blocks", report.rows, report.blocks);
    say!("resources    {} {would}created, {} unchanged", report.resources_created, report.resources_unchanged);
    say!("reservations {} {would}created, {} unchanged", report.reservations_created, report.unchanged);
    for (name, findings) in [("warnings", &report.warnings), ("refused", &report.refused)] {
        say!("{name:<12} {}", findings.len());
        for finding in findings.iter().take(SHOWN) {
            say!("  line {}: {} ({})", finding.line, finding.message, finding.code);
        }
        if findings.len() > SHOWN {
            say!("  and {} more; --json shows all", findings.len() - SHOWN);
        }
    }
}
