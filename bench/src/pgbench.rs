//! References that pgbench runs: the bare statements, prepared.

use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::postgres::Database;
use crate::servers::Servers;

/// A script of `sql/` and how it is run.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file's name.
    pub file: &'static str,
    /// Connections, each with one transaction at a time.
    pub clients: usize,
    /// How long, in whole seconds and at least one.
    pub span: Duration,
    /// Values of the script's variables.
    pub variables: Vec<(&'static str, String)>,
}

/// What pgbench found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Transactions a second, connecting aside.
    pub rate: f64,
    /// How long one took on average, in milliseconds.
    pub latency_ms: f64,
}

impl Script {
    /// Runs it on a database.
    ///
    /// # Errors
    /// When pgbench is not to be had, or a transaction fails.
    pub fn run(&self, servers: &Servers, database: &Database) -> Outcome<Found> {
        let mut command = Command::new(&servers.pgbench);
        command.args(["--no-vacuum", "--protocol=prepared"]).arg(format!("--time={}", self.span.as_secs().max(1)));
        command.arg(format!("--client={}", self.clients)).arg(format!("--jobs={}", self.clients.min(2)));
        command.arg("--file").arg(servers.reports.join("sql").join(self.file));
        command.args(self.variables.iter().map(|(name, value)| format!("--define={name}={value}")));
        let output = command.arg(database.url()).output().map_err(|error| format!("cannot run pgbench: {error}"))?;
        let told = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("pgbench {}: {}", self.file, String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        found(&told).ok_or_else(|| format!("pgbench told no rate: {told}").into())
    }
}

/// The figures in what it prints. Before version 14 it tells the rate twice, the second time without connecting.
fn found(told: &str) -> Option<Found> {
    let figure = |line: &str| line.split_whitespace().next()?.parse().ok();
    let after = |start: &str| told.lines().rev().find_map(|line| figure(line.strip_prefix(start)?));
    Some(Found { rate: after("tps = ")?, latency_ms: after("latency average = ")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_prints_is_read() {
        let told = "number of failed transactions: 0 (0.000%)\nlatency average = 1.250 ms\n\
            initial connection time = 4.2 ms\ntps = 800.125 (without initial connection time)\n";
        assert_eq!(found(told), Some(Found { rate: 800.125, latency_ms: 1.25 }));
        let old = "latency average = 2 ms\ntps = 10.0 (including connections establishing)\n\
            tps = 11.0 (excluding connections establishing)\n";
        assert_eq!(found(old), Some(Found { rate: 11.0, latency_ms: 2.0 }));
        assert_eq!(found("pgbench: error"), None);
    }
}
