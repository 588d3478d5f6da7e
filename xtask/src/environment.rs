//! The one place that reads the process's environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::private::leftovers::MARK;

/// The variable that names a PostgreSQL server for the tests.
pub const DATABASE_URL: &str = "BOOKLY_TEST_DATABASE_URL";
/// The variable that names a RabbitMQ for the tests.
pub const AMQP_URL: &str = "BOOKLY_TEST_AMQP_URL";
/// The variable that names the management API of that RabbitMQ.
pub const AMQP_MANAGEMENT_URL: &str = "BOOKLY_TEST_AMQP_MANAGEMENT_URL";
/// Names the program that controls that broker to the tests.
pub const RABBITMQCTL: &str = "BOOKLY_TEST_RABBITMQCTL";
/// The variable that names a Redis for the tests.
pub const REDIS_URL: &str = "BOOKLY_TEST_REDIS_URL";

#[expect(clippy::disallowed_methods, reason = "the home of environment reading in this package")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether this run is a gate: then nothing may be skipped.
pub fn is_ci() -> bool {
    variable("CI").is_some_and(|value| !["0", "false"].contains(&value.as_str()))
}

/// The PostgreSQL the user brings along.
pub fn database_url() -> Option<String> {
    variable(DATABASE_URL)
}

/// The RabbitMQ the user brings along: its URL and its management API's.
///
/// # Errors
/// When only one of the two is named.
pub fn amqp_urls() -> Result<Option<(String, String)>, String> {
    match (variable(AMQP_URL), variable(AMQP_MANAGEMENT_URL)) {
        (Some(amqp), Some(management)) => Ok(Some((amqp, management))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{AMQP_URL} is set: set {AMQP_MANAGEMENT_URL} as well, or neither")),
        (None, Some(_)) => Err(format!("{AMQP_MANAGEMENT_URL} is set: set {AMQP_URL} as well, or neither")),
    }
}

/// The Redis the user brings along.
pub fn redis_url() -> Option<String> {
    variable(REDIS_URL)
}

/// The C compiler that build scripts will call.
pub fn c_compiler() -> String {
    variable("CC").unwrap_or_else(|| "cc".to_owned())
}

/// The `cargo` that started this process, without what it told this process of the package `xtask`: build scripts that
/// look at such variables would be run again, and all that depends on them be built again, after each cargo of the user.
pub fn cargo() -> Command {
    let mut cargo = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// `PATH` as it is.
pub fn path() -> OsString {
    variable("PATH").unwrap_or_default().into()
}

/// A program of `PATH`, by its whole path.
pub fn program(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|directory| directory.join(name)).find(|program| program.is_file())
}

/// The directories of `PATH`.
pub fn search_path() -> Vec<PathBuf> {
    std::env::split_paths(&path()).collect()
}

/// The workspace's root directory.
///
/// # Errors
/// When the process was not started through cargo.
pub fn workspace_root() -> Result<PathBuf, String> {
    let package = variable("CARGO_MANIFEST_DIR").ok_or("start this as `cargo xtask`, not by its path")?;
    let root = Path::new(&package).parent().ok_or("the package stands in no workspace")?;
    Ok(root.to_owned())
}

/// Where private servers and their data live while they are needed. What a test starts belongs where its run does.
///
/// # Errors
/// Like [`workspace_root`].
pub fn private_directory() -> Result<PathBuf, String> {
    if let Some(private) = variable(MARK).as_deref().and_then(|run| Path::new(run).parent()) {
        return Ok(private.to_owned());
    }
    Ok(target_directory()?.join("private"))
}

/// Where cargo builds.
///
/// # Errors
/// Like [`workspace_root`].
pub fn target_directory() -> Result<PathBuf, String> {
    let root = workspace_root()?;
    Ok(variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target)))
}
