//! Signals to processes that a test has started.

use std::process::Command;

/// Sends a process a signal, by its name without `SIG`. One that is gone cannot be killed, which is as good.
pub fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().expect("kill is there");
    assert!(status.success() || name == "KILL", "SIG{name} cannot be sent to {process}");
}
