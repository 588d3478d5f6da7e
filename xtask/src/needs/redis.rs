//! Redis's server program.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::service::Service;
use super::{Need, programs};
use crate::environment;

/// The oldest version Bookly is tested with.
const OLDEST: (u32, u32) = (7, 0);
/// Called by this name only: in Debian it is a link to a program that looks at the name it was called by.
const PROGRAM: &str = "redis-server";

/// A Redis to start private servers from.
pub struct Redis {
    service: Service,
}

impl Default for Redis {
    fn default() -> Self {
        Self { service: Service::new("redis-server") }
    }
}

impl Need for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn find(&self) -> Result<(), String> {
        server().map(drop)
    }

    fn packages(&self) -> &'static [&'static str] {
        &["redis-server"]
    }

    fn advice(&self) -> String {
        format!(
            "Install Redis {}.{} or newer (Debian: `apt-get install redis-server`). For the tests that do not kill \
             their Redis, {} may name one.",
            OLDEST.0,
            OLDEST.1,
            environment::REDIS_URL
        )
    }

    fn before_install(&self) -> Result<(), String> {
        self.service.look();
        Ok(())
    }

    fn after_install(&self) -> Result<(), String> {
        self.service.keep_off()
    }
}

/// The server's program, from `PATH`.
///
/// # Errors
/// That it is missing or too old.
pub fn server() -> Result<PathBuf, String> {
    programs::directory(environment::search_path(), &[PROGRAM], usable).map(|bin| bin.join(PROGRAM))
}

fn usable(bin: &Path) -> Result<(), String> {
    let program = bin.join(PROGRAM);
    let shown = Command::new(&program).arg("--version").output();
    let shown = shown.map_err(|error| format!("{} does not run: {error}", program.display()))?;
    new_enough(&program, &String::from_utf8_lossy(&shown.stdout))
}

fn new_enough(program: &Path, shown: &str) -> Result<(), String> {
    let program = program.display();
    match version(shown) {
        Some(version) if version >= OLDEST => Ok(()),
        Some((major, minor)) => {
            Err(format!("{program} is version {major}.{minor}, older than {}.{}", OLDEST.0, OLDEST.1))
        }
        None => Err(format!("{program} does not tell its version")),
    }
}

/// The version in `Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1`.
fn version(shown: &str) -> Option<(u32, u32)> {
    let number = shown.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let mut numbers = number.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"), Some((7, 0)));
        assert_eq!(version("Valkey server v=8.1.0 sha=1"), Some((8, 1)));
        assert_eq!(version("Redis server version 2.4.18 (00000000:0)"), None);
    }

    #[test]
    fn what_is_wrong_with_a_program_is_named() {
        let program = Path::new("/x/redis-server");
        for (says, named) in [("hello", "does not tell its version"), ("v=6.2.9", "version 6.2, older")] {
            let problem = new_enough(program, says).expect_err(says);
            assert!(problem.contains(named) && problem.contains("/x/redis-server"), "{says}: {problem}");
        }
        assert_eq!(new_enough(program, "v=10.0.0"), Ok(()));
        let nowhere = std::env::temp_dir().join("no-such-directory-of-redis");
        assert!(usable(&nowhere).is_err_and(|problem| problem.contains("does not run")));
    }
}
