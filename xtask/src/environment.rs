//! The one place that reads the process's environment.

use std::path::{Path, PathBuf};

/// The variable that names a PostgreSQL server for the tests.
pub const DATABASE_URL: &str = "BOOKLY_TEST_DATABASE_URL";

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

/// The C compiler that build scripts will call.
pub fn c_compiler() -> String {
    variable("CC").unwrap_or_else(|| "cc".to_owned())
}

/// The `cargo` that started this process.
pub fn cargo() -> String {
    variable("CARGO").unwrap_or_else(|| "cargo".to_owned())
}

/// The directories of `PATH`.
pub fn search_path() -> Vec<PathBuf> {
    variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
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

/// Where private servers and their data live while they are needed.
///
/// # Errors
/// Like [`workspace_root`].
pub fn private_directory() -> Result<PathBuf, String> {
    let root = workspace_root()?;
    let target = variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    Ok(target.join("private"))
}
