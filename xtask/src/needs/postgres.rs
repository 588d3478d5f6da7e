//! PostgreSQL's server programs and its btree_gist extension.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Need, apt, programs};
use crate::environment;

/// The oldest major version Bookly runs on.
const OLDEST: u32 = 13;
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];
const CLUSTER_CONFIGURATION: &str = "/etc/postgresql-common/createcluster.conf";

/// A PostgreSQL to start private servers from.
#[derive(Default)]
pub struct Postgres {
    clusters_before: RefCell<BTreeSet<(String, String)>>,
}

impl Need for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn find(&self) -> Result<(), String> {
        binaries().map(drop)
    }

    fn packages(&self) -> &'static [&'static str] {
        &["postgresql"]
    }

    fn advice(&self) -> String {
        format!(
            "Install PostgreSQL {OLDEST} or newer with its contrib modules (Debian: `apt-get install postgresql`), or \
             set {} to a server whose user may create databases.",
            environment::DATABASE_URL
        )
    }

    fn before_install(&self) -> Result<(), String> {
        self.clusters_before.replace(clusters());
        if Path::new(CLUSTER_CONFIGURATION).exists() || !Path::new("/etc/debian_version").exists() {
            return Ok(());
        }
        eprintln!("writing {CLUSTER_CONFIGURATION}, so that the package creates no server of its own");
        let script = format!(
            "mkdir -p /etc/postgresql-common && printf '%s\\n' '# Written by `cargo xtask test` of Bookly.' \
             'create_main_cluster = false' > {CLUSTER_CONFIGURATION}"
        );
        apt::root_command(&["sh", "-c", &script])
    }

    fn after_install(&self) -> Result<(), String> {
        for (version, cluster) in clusters().difference(&self.clusters_before.borrow()) {
            eprintln!("stopping the server {version}/{cluster} that the package has just created");
            apt::root_command(&["pg_ctlcluster", version, cluster, "stop"])?;
        }
        Ok(())
    }
}

/// Debian's clusters as (version, name); none where its tools are not installed.
fn clusters() -> BTreeSet<(String, String)> {
    let listed = Command::new("pg_lsclusters").arg("--no-header").output().map(|output| output.stdout);
    let listed = String::from_utf8(listed.unwrap_or_default()).unwrap_or_default();
    listed.lines().filter_map(cluster).collect()
}

fn cluster(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace().map(str::to_owned);
    Some((words.next()?, words.next()?))
}

/// The directory of the server's programs: from `PATH`, then the newest of Debian's.
///
/// # Errors
/// What is missing: the programs, a supported version, or btree_gist.
pub fn binaries() -> Result<PathBuf, String> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = newest_first(debian.map(|entry| entry.path()).collect()).into_iter().map(|home| home.join("bin"));
    programs::directory(environment::search_path().into_iter().chain(debian), &PROGRAMS, usable)
}

fn usable(bin: &Path) -> Result<(), String> {
    let shown = Command::new(bin.join("postgres")).arg("--version").output();
    let shown = shown.map_err(|error| format!("{} does not run: {error}", bin.join("postgres").display()))?;
    let major = major_version(&String::from_utf8_lossy(&shown.stdout))
        .ok_or_else(|| format!("{} does not tell its version", bin.join("postgres").display()))?;
    if major < OLDEST {
        return Err(format!("{} is version {major}, older than {OLDEST}", bin.display()));
    }
    let control = extension_directories(bin, major).into_iter().find(|home| home.join("btree_gist.control").is_file());
    control.map(drop).ok_or_else(|| format!("{} has no extension btree_gist (contrib)", bin.display()))
}

fn extension_directories(bin: &Path, major: u32) -> Vec<PathBuf> {
    let configured = Command::new(bin.join("pg_config")).arg("--sharedir").output().map(|output| output.stdout);
    let configured = String::from_utf8(configured.unwrap_or_default()).unwrap_or_default();
    let home = bin.parent().unwrap_or(bin);
    let shares = [
        PathBuf::from(format!("/usr/share/postgresql/{major}")),
        home.join("share"),
        home.join("share/postgresql"),
        home.join("share/pgsql"),
        PathBuf::from(configured.trim()),
    ];
    shares.iter().map(|share| share.join("extension")).collect()
}

/// The major version in `postgres (PostgreSQL) 15.13 (Debian 15.13-0)`, also of pre-releases such as `17beta1`.
fn major_version(shown: &str) -> Option<u32> {
    let number = shown.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|character: char| !character.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

/// Sorts directories named by a version, newest first; names that are no number go.
fn newest_first(homes: Vec<PathBuf>) -> Vec<PathBuf> {
    let version = |home: &PathBuf| home.file_name()?.to_str()?.parse::<u32>().ok();
    let mut known: Vec<_> = homes.into_iter().filter_map(|home| Some((version(&home)?, home))).collect();
    known.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    known.into_iter().map(|(_, home)| home).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_by_number() {
        let homes = ["9", "15", "readme", "100", "13"].map(|name| Path::new("/pg").join(name)).to_vec();
        let names: Vec<_> = newest_first(homes).iter().map(|home| home.display().to_string()).collect();
        assert_eq!(names, ["/pg/100", "/pg/15", "/pg/13", "/pg/9"]);
    }

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major_version("postgres (PostgreSQL) 16"), Some(16));
        assert_eq!(major_version("postgres (EDB) 16"), None);
        assert_eq!(major_version("postgres (PostgreSQL) devel"), None);
    }

    #[test]
    fn a_cluster_is_its_version_and_name() {
        let line = "15  main    5432 down   postgres /var/lib/postgresql/15/main /var/log/x.log";
        assert_eq!(cluster(line), Some(("15".into(), "main".into())));
        assert_eq!(cluster(""), None);
    }
}
