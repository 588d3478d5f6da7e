//! The directory of one run, and the sweeping of those whose owner is gone.
//!
//! Whether an owner lives is told by a file lock: the kernel drops it however the owner ends, and neither a reused
//! process id nor another process namespace can fool it.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::account::{self, Account};

/// Names the place of server data that could not lie inside the run's directory.
const ELSEWHERE: &str = "elsewhere";
/// A Unix socket's path has to fit into 107 bytes; PostgreSQL's own file name takes about 20 of them.
const LONGEST_SOCKET_DIRECTORY: usize = 85;

/// A directory that belongs to this process alone. Dropping it deletes it.
pub struct RunDirectory {
    path: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    /// Sweeps what dead runs left in `private`, then makes a new directory there.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn create(private: &Path) -> io::Result<Self> {
        fs::create_dir_all(private)?;
        // Held while sweeping and creating, so that nobody sweeps a directory whose lock is about to be taken.
        let gate = open_lock(&private.join("gate"))?;
        gate.lock()?;
        sweep(private)?;
        let id = std::process::id();
        let names = std::iter::once(format!("run-{id}")).chain((2..).map(|number| format!("run-{id}-{number}")));
        for name in names {
            let (path, lock_path) = (private.join(&name), private.join(format!("{name}.lock")));
            let lock = open_lock(&lock_path)?;
            if lock.try_lock().is_ok() {
                fs::create_dir_all(&path)?;
                return Ok(Self { path, lock_path, _lock: lock });
            }
        }
        Err(io::Error::other("every name is taken"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes an empty directory in which a server running as `account` can work: inside this one where that account
    /// can reach it and the path is short enough for a socket, else under the system's directory of temporary files.
    ///
    /// # Errors
    /// When neither place will do.
    pub fn place_for(&self, server: &str, account: Option<Account>) -> Result<PathBuf, String> {
        let inside = self.path.join(server);
        make(&inside, account)?;
        let short = inside.as_os_str().len() <= LONGEST_SOCKET_DIRECTORY;
        if short && account::can_enter(account, &inside) {
            return Ok(inside);
        }
        let name = self.path.file_name().unwrap_or_default().display();
        let elsewhere = std::env::temp_dir().join(format!("bookly-{server}-{name}-{}", unforeseen_suffix()));
        let because = if short { "its user cannot enter" } else { "the path is too long for a socket under" };
        eprintln!("{server}: {because} {}; its data lies in {} meanwhile", inside.display(), elsewhere.display());
        // Noted before it is made, so that a run killed in between leaves nothing unknown.
        fs::write(self.path.join(ELSEWHERE), elsewhere.display().to_string()).map_err(|error| error.to_string())?;
        make(&elsewhere, account)?;
        if account::can_enter(account, &elsewhere) {
            return Ok(elsewhere);
        }
        Err(format!("the user for {server} cannot enter {}: set TMPDIR to a place it can", elsewhere.display()))
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        let removed = remove(&self.path).and_then(|()| fs::remove_file(&self.lock_path));
        if let Err(error) = removed {
            eprintln!("could not delete {}: {error}; the next run will try again", self.path.display());
        }
    }
}

/// Characters that no other user of this machine can foresee.
pub fn unforeseen_suffix() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// Makes a directory that only `account`, or else this user, can look into.
///
/// # Errors
/// When the file system refuses.
pub fn make(path: &Path, account: Option<Account>) -> Result<(), String> {
    let cannot = |error: io::Error| format!("cannot make {}: {error}", path.display());
    DirBuilder::new().mode(0o700).create(path).map_err(cannot)?;
    if let Some(account) = account {
        std::os::unix::fs::chown(path, Some(account.user), Some(account.group)).map_err(cannot)?;
    }
    Ok(())
}

fn open_lock(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(path)
}

fn sweep(private: &Path) -> io::Result<()> {
    for entry in fs::read_dir(private)? {
        let lock_path = entry?.path();
        let is_run = lock_path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"run-"));
        if !is_run || lock_path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        match open_lock(&lock_path)?.try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        let path = lock_path.with_extension("");
        eprintln!("cleaning up after a run that was killed: {}", path.display());
        super::leftovers::end_processes_of(&path);
        super::rabbitmq::stop_stale(&path);
        super::redis::stop_stale(&path);
        for place in [path.join("postgres"), elsewhere(&path).unwrap_or_default()] {
            super::postgres::stop_stale(&place);
        }
        remove(&path)?;
        fs::remove_file(&lock_path)?;
    }
    Ok(())
}

fn elsewhere(run: &Path) -> Option<PathBuf> {
    fs::read_to_string(run.join(ELSEWHERE)).ok().map(PathBuf::from)
}

fn remove(run: &Path) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if let Some(place) = elsewhere(run) {
        gone(fs::remove_dir_all(place))?;
    }
    gone(fs::remove_dir_all(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-{name}-{}", unforeseen_suffix()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn runs(private: &Path) -> usize {
        let names = fs::read_dir(private).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.as_encoded_bytes().starts_with(b"run-")).count()
    }

    #[test]
    fn a_dropped_directory_leaves_nothing() {
        let scratch = Scratch::new("dropped");
        let run = RunDirectory::create(&scratch.0).unwrap();
        fs::write(run.path().join("data"), "1").unwrap();
        assert_eq!(runs(&scratch.0), 2);
        drop(run);
        assert_eq!(runs(&scratch.0), 0);
    }

    #[test]
    fn a_living_owner_keeps_its_directory() {
        let scratch = Scratch::new("living");
        let first = RunDirectory::create(&scratch.0).unwrap();
        let second = RunDirectory::create(&scratch.0).unwrap();
        assert_ne!(first.path(), second.path());
        assert!(first.path().is_dir() && second.path().is_dir());
    }

    #[test]
    fn a_dead_owners_directory_is_swept_with_what_lies_elsewhere() {
        let scratch = Scratch::new("dead");
        let private = scratch.0.join("private");
        let (dead, place) = (private.join("run-1"), scratch.0.join("place"));
        for directory in [&dead, &place] {
            fs::create_dir_all(directory).unwrap();
        }
        fs::write(private.join("run-1.lock"), "").unwrap();
        fs::write(dead.join(ELSEWHERE), place.display().to_string()).unwrap();
        fs::write(private.join("postgres.log"), "kept").unwrap();

        let run = RunDirectory::create(&private).unwrap();

        assert!(!dead.exists() && !place.exists() && !private.join("run-1.lock").exists());
        assert!(run.path().is_dir() && private.join("postgres.log").exists());
    }

    #[test]
    fn a_place_is_inside_unless_the_path_is_too_long_for_a_socket() {
        let scratch = Scratch::new("place");
        let run = RunDirectory::create(&scratch.0).unwrap();
        assert!(run.place_for("x", None).unwrap().starts_with(run.path()));
        let deep = scratch.0.join("d".repeat(LONGEST_SOCKET_DIRECTORY));
        let run = RunDirectory::create(&deep).unwrap();
        let place = run.place_for("x", None).unwrap();
        assert!(!place.starts_with(&deep) && place.is_dir());
        drop(run);
        assert!(!place.exists());
    }
}
