//! Node.js with the libraries of `tests/consumers/package-lock.json`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Shelf, lists, run};
use crate::needs::Need;

/// The oldest major version that runs the AsyncAPI parser.
const OLDEST: u32 = 18;

/// Node.js and its libraries.
pub struct Node;

impl Node {
    /// The directory of the libraries.
    ///
    /// # Errors
    /// When there is no workspace.
    pub fn modules() -> Result<PathBuf, String> {
        Ok(shelf()?.home.join("node_modules"))
    }
}

fn shelf() -> Result<Shelf, String> {
    Shelf::new("node", "package-lock.json")
}

fn right_version() -> Result<(), String> {
    let shown = run(Command::new("node").arg("--version"))?;
    match major_version(&shown) {
        Some(major) if major >= OLDEST => Ok(()),
        _ => Err(format!("node is {shown}, older than v{OLDEST}")),
    }
}

/// The major version in `v18.19.0`.
fn major_version(shown: &str) -> Option<u32> {
    shown.strip_prefix('v')?.split('.').next()?.parse().ok()
}

impl Need for Node {
    fn name(&self) -> &'static str {
        "Node.js"
    }

    fn find(&self) -> Result<(), String> {
        right_version()?;
        if shelf()?.is_current() { Ok(()) } else { Err("the libraries for tests have not been installed".into()) }
    }

    fn make(&self) -> Result<(), String> {
        right_version()?;
        let shelf = shelf()?;
        shelf.make(|home| {
            for name in ["package.json", "package-lock.json"] {
                fs::copy(lists()?.join(name), home.join(name))
                    .map_err(|error| format!("cannot copy {name}: {error}"))?;
            }
            let mut install = Command::new("npm");
            install.current_dir(home).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
            run(&mut install).map(drop)
        })?;
        self.find()
    }

    fn packages(&self) -> &'static [&'static str] {
        &["nodejs", "npm"]
    }

    fn advice(&self) -> String {
        format!(
            "Install Node.js {OLDEST} or newer with npm (Debian: `apt-get install nodejs npm`), and let npm reach its \
             registry once."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major_version("v18.19.0"), Some(18));
        assert_eq!(major_version("v20.20.2"), Some(20));
        assert_eq!(major_version("18"), None);
    }
}
