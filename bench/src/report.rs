//! Writing down what was measured.
//!
//! Each case's last figures are a file in `results/`, with what was asked, how, when, where and of which commit; what was
//! learned of them is told by hand in `notes/`. The report is both, in the order of the cases.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::cases::{self, Case};
use crate::figures::{Reach, Row, Series};
use crate::servers::Servers;
use crate::{Outcome, Scale};

/// The rows as a table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut table = "| what | Bookly | reference | ratio | wanted |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let ours = format!("{} {}", series(&row.ours), row.unit);
        let reference = row.reference.as_ref().map(|reference| format!("{} {}", series(reference), row.unit));
        let ratio = row.ratio().as_ref().map(series);
        let wanted: Vec<String> = row.reaches.iter().map(|reach| wanted(row, *reach)).collect();
        let cell = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let wanted = cell(Some(wanted.join("; ")).filter(|text| !text.is_empty()));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} | {ours} | {} | {} | {wanted} |", row.what, cell(reference), cell(ratio));
    }
    table
}

/// Median, and from which value to which.
fn series(series: &Series) -> String {
    let (median, min, max) = (number(series.median()), number(series.min()), number(series.max()));
    if min == max { median } else { format!("{median} ({min} to {max})") }
}

/// Three significant digits, none after the point from 100 on.
fn number(value: f64) -> String {
    match value.abs() {
        small if small < 9.995 => format!("{value:.2}"),
        middle if middle < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn wanted(row: &Row, reach: Reach) -> String {
    let text = match reach {
        Reach::RatioAtLeast(wanted) => format!("ratio >= {wanted}"),
        Reach::RatioAtMost(wanted) => format!("ratio <= {wanted}"),
        Reach::AtLeast(wanted) => format!(">= {wanted} {}", row.unit),
        Reach::AtMost(wanted) => format!("<= {wanted} {}", row.unit),
    };
    format!("{text}: {}", if row.reached(reach) { "yes" } else { "**no**" })
}

/// Keeps a case's figures for the report, unless they are too few to say something.
///
/// # Errors
/// When the file cannot be written.
pub fn store(case: &Case, rows: &[Row], scale: Scale, servers: &Servers) -> Outcome {
    if scale.rounds < ROUNDS {
        println!("not kept for the report, which wants {ROUNDS} rounds");
        return Ok(());
    }
    let directory = servers.reports.join("results");
    fs::create_dir_all(&directory)?;
    let Case { name, question, method, .. } = case;
    let (circumstances, rounds, table) = (circumstances(case, scale, servers)?, rounds(rows, scale), table(rows));
    let text = format!("## {name}\n\n{question}\n\n{method}\n\n{circumstances} {rounds}\n\n{table}");
    Ok(fs::write(directory.join(format!("{name}.md")), text)?)
}

/// How often the figures of a table were measured.
fn rounds(rows: &[Row], scale: Scale) -> String {
    let times = scale.rounds;
    if rows.iter().any(|row| row.reference.is_some()) {
        format!("{times} rounds, sides in turn; medians, and from which value to which.")
    } else if rows.iter().any(|row| row.ours.count() > 1) {
        format!("{times} rounds; medians, and from which value to which.")
    } else {
        "Measured once.".to_owned()
    }
}

/// When, with which command, of which commit and where.
fn circumstances(case: &Case, scale: Scale, servers: &Servers) -> Outcome<String> {
    let largest = if case.name == "growth" { format!(" --largest {}", scale.largest) } else { String::new() };
    let repository = servers.reports.display().to_string();
    let git = |words: &[&str]| version(&[&["git", "-C", &repository], words].concat());
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    // What was measured before, and the report, are no part of the program.
    let changed = git(&["status", "--porcelain", "--", "..", ":!REPORT.md", ":!results", ":!notes"]);
    let changes = if changed == UNKNOWN { "" } else { " with changes" };
    let now = DateTime::<Utc>::from(SystemTime::now()).format("%Y-%m-%d %H:%M UTC");
    let name = case.name;
    let machine = machine(servers)?;
    Ok(format!(
        "`cargo xtask bench --rounds {}{largest} {name}`, {now}, commit {commit}{changes}. {machine}",
        scale.rounds
    ))
}

/// Writes the report.
///
/// # Errors
/// When a file cannot be read or written.
pub fn assemble(servers: &Servers) -> Outcome {
    let mut report = INTRODUCTION.to_owned();
    for case in cases::ALL {
        let part = |kind: &str| -> PathBuf { servers.reports.join(kind).join(format!("{}.md", case.name)) };
        let Ok(figures) = fs::read_to_string(part("results")) else { continue };
        let notes = fs::read_to_string(part("notes")).unwrap_or_default();
        let _ = write!(report, "\n{}\n", figures.trim());
        if !notes.trim().is_empty() {
            let _ = write!(report, "\n{}\n", notes.trim());
        }
    }
    Ok(fs::write(servers.reports.join("REPORT.md"), report)?)
}

/// The fewest rounds that the report takes.
const ROUNDS: u32 = 5;
const UNKNOWN: &str = "unknown";
const INTRODUCTION: &str = "# Measured against the limit

Written by `cargo xtask bench`, which measures Bookly and a reference in turn, in one run, on one machine. A ratio is Bookly's
figure divided by the reference's of the same round; its median is the median of those. Absolute figures say as much about
the machine as about Bookly. `cargo xtask bench NAME` measures one case anew. Each case says when, where and of which commit it
was measured; what stands below its table is told by hand (`notes/`).
";

fn machine(servers: &Servers) -> Outcome<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let kib: u64 = kib.trim().trim_end_matches("kB").trim().parse().unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let mut lines = format!("{cores} cores ({model}), {} GiB; ", kib / (1024 * 1024));
    let _ = write!(lines, "{}, {}.", version(&["rustc", "--version"]), server_versions(servers)?);
    Ok(lines)
}

fn server_versions(servers: &Servers) -> Outcome<String> {
    let postgres = version(&[&servers.pgbench.display().to_string(), "--version"]).replace("pgbench", "PostgreSQL");
    let redis = version(&["redis-server", "--version"]);
    let redis = redis.split(' ').find_map(|word| word.strip_prefix("v=")).unwrap_or(UNKNOWN).to_owned();
    let mut overview = ureq::get(format!("{}/api/overview", servers.amqp_management_url)).call()?;
    let overview: serde_json::Value = overview.body_mut().read_json()?;
    let rabbitmq = overview["rabbitmq_version"].as_str().unwrap_or("unknown").to_owned();
    Ok(format!("{postgres}, RabbitMQ {rabbitmq}, Redis {redis}"))
}

fn version(command: &[&str]) -> String {
    let output = command.split_first().and_then(|(program, rest)| Command::new(program).args(rest).output().ok());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_medians_ranges_ratio_and_whether_it_suffices() {
        let row = Row::beside("reads", "1/s", Series::of([40.0, 50.0, 60.0]), Series::of([100.0, 100.0, 100.0]))
            .wanted(Reach::RatioAtLeast(0.35))
            .wanted(Reach::AtLeast(51.0));
        let table = table(&[row]);
        let last = table.lines().last().unwrap();
        assert_eq!(
            last,
            "| reads | 50.0 (40.0 to 60.0) 1/s | 100 1/s | 0.50 (0.40 to 0.60) | ratio >= 0.35: yes; >= 51 1/s: **no** |"
        );
    }

    #[test]
    fn what_was_measured_once_is_no_median() {
        let scale = Scale { smoke: false, rounds: 5, largest: 0 };
        let many = || Series::of([1.0, 2.0]);
        let told = |row| rounds(&[row], scale);
        assert!(told(Row::beside("x", "ms", many(), many())).starts_with("5 rounds, sides in turn"));
        assert!(told(Row::alone("x", "ms", many())).starts_with("5 rounds; medians"));
        assert_eq!(told(Row::alone("x", "ms", Series::of([1.0]))), "Measured once.");
    }

    #[test]
    fn numbers_keep_three_digits() {
        let told: Vec<String> = [0.123, 9.99, 12.34, 123.4, 12_345.6].into_iter().map(number).collect();
        assert_eq!(told, ["0.12", "9.99", "12.3", "123", "12346"]);
    }
}
