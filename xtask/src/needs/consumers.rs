//! Libraries for tests in other languages: made once, below the target directory, from the pinned lists in
//! `tests/consumers/`, and made anew when a list changes.

mod node;
mod python;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use node::Node;
pub use python::Python;

use crate::environment;

/// Where the lists of libraries are.
fn lists() -> Result<PathBuf, String> {
    Ok(environment::workspace_root()?.join("tests/consumers"))
}

/// A directory of libraries that belongs to one list.
struct Shelf {
    home: PathBuf,
    list: PathBuf,
}

impl Shelf {
    fn new(name: &str, list: &str) -> Result<Self, String> {
        Ok(Self { home: environment::target_directory()?.join("consumers").join(name), list: lists()?.join(list) })
    }

    /// A copy of the list, written last: what it stands beside is complete and as the list says.
    fn stamp(&self) -> PathBuf {
        self.home.join("made-from")
    }

    fn is_current(&self) -> bool {
        let (made_from, list) = (fs::read(self.stamp()), fs::read(&self.list));
        made_from.is_ok_and(|made_from| list.is_ok_and(|list| list == made_from))
    }

    /// Makes it anew with `fill`, unless another run has just done so.
    fn make(&self, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
        let _lock = self.lock().map_err(|error| format!("cannot use {}: {error}", self.home.display()))?;
        if self.is_current() {
            return Ok(());
        }
        eprintln!("making {} from {}", self.home.display(), self.list.display());
        let empty = || -> io::Result<()> {
            if self.home.exists() {
                fs::remove_dir_all(&self.home)?;
            }
            fs::create_dir_all(&self.home)
        };
        empty().map_err(|error| format!("cannot make {}: {error}", self.home.display()))?;
        fill(&self.home)?;
        fs::copy(&self.list, self.stamp()).map(drop).map_err(|error| error.to_string())
    }

    fn lock(&self) -> io::Result<File> {
        if let Some(parent) = self.home.parent() {
            fs::create_dir_all(parent)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(self.home.with_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// Runs a program to its end; an error holds the last of what it said.
fn run(command: &mut Command) -> Result<String, String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{name}` does not run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let words = if complaint.is_empty() { said } else { complaint };
    Err(format!("`{name}` failed: {}", words.lines().last().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_shelf_is_made_once_and_again_when_its_list_changes() {
        let scratch = std::env::temp_dir().join(format!("xtask-shelf-{}", std::process::id()));
        fs::create_dir_all(&scratch).unwrap();
        let shelf = Shelf { home: scratch.join("home"), list: scratch.join("list") };
        let made = Cell::new(0);
        let make = || {
            shelf.make(|home| {
                assert!(home.is_dir() && !home.join("old").exists());
                made.set(made.get() + 1);
                fs::write(home.join("old"), "").map_err(|error| error.to_string())
            })
        };
        for (list, times) in [("a==1", 1), ("a==1", 1), ("a==2", 2)] {
            fs::write(&shelf.list, list).unwrap();
            make().unwrap();
            assert_eq!((made.get(), shelf.is_current()), (times, true), "{list}");
        }
        fs::write(&shelf.list, "a==3").unwrap();
        assert!(shelf.make(|_| Err("no network".into())).is_err());
        assert!(!shelf.is_current(), "what was made halfway is not taken for whole");
        fs::remove_dir_all(&scratch).unwrap();
    }

    #[test]
    fn a_failure_is_told_with_its_last_words() {
        let failed = run(Command::new("sh").args(["-c", "echo first >&2; echo last >&2; exit 1"]));
        assert_eq!(failed, Err("`sh` failed: last".into()));
        assert_eq!(run(Command::new("sh").args(["-c", "echo fine"])), Ok("fine".into()));
        assert!(run(&mut Command::new("no-such-program")).is_err_and(|problem| problem.contains("no-such-program")));
    }
}
