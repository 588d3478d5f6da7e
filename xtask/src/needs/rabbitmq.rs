//! RabbitMQ's programs with the management plugin, and the Erlang they run on.

use std::fs;
use std::path::{Path, PathBuf};

use super::service::Service;
use super::{Need, programs};
use crate::environment;

/// The oldest version Bookly is tested with.
const OLDEST: (u32, u32) = (3, 10);
/// A directory with the last of these holds the programs themselves; Debian has wrappers of the same names in /usr/sbin,
/// which run only as the system's own broker.
const PROGRAMS: [&str; 3] = ["rabbitmq-server", "rabbitmqctl", "rabbitmq-env"];
const DEBIAN: &str = "/usr/lib/rabbitmq/bin";
const PLUGINS: [&str; 2] = ["rabbitmq_management", "rabbitmq_management_agent"];

/// A RabbitMQ to start private brokers from.
pub struct RabbitMq {
    service: Service,
}

impl Default for RabbitMq {
    fn default() -> Self {
        Self { service: Service::new("rabbitmq-server") }
    }
}

impl Need for RabbitMq {
    fn name(&self) -> &'static str {
        "RabbitMQ"
    }

    fn find(&self) -> Result<(), String> {
        binaries().map(drop)
    }

    fn packages(&self) -> &'static [&'static str] {
        &["rabbitmq-server"]
    }

    fn advice(&self) -> String {
        format!(
            "Install RabbitMQ {}.{} or newer (Debian: `apt-get install rabbitmq-server`). For the tests that \
             do not kill their broker, {} and {} may name one, and its management API, whose user is an administrator.",
            OLDEST.0,
            OLDEST.1,
            environment::AMQP_URL,
            environment::AMQP_MANAGEMENT_URL
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

/// The directory of RabbitMQ's programs: from `PATH`, then Debian's.
///
/// # Errors
/// What is missing: the programs, Erlang, a supported version, or the management plugin.
pub fn binaries() -> Result<PathBuf, String> {
    let path = environment::search_path();
    for program in ["erl", "epmd"] {
        if !path.iter().any(|directory| directory.join(program).is_file()) {
            return Err(format!("found no `{program}` of Erlang in PATH"));
        }
    }
    programs::directory(path.into_iter().chain([PathBuf::from(DEBIAN)]), &PROGRAMS, usable)
}

fn usable(bin: &Path) -> Result<(), String> {
    let plugins = bin.parent().unwrap_or(bin).join("plugins");
    let listed = fs::read_dir(&plugins).map_err(|error| format!("cannot read {}: {error}", plugins.display()))?;
    let names: Vec<String> = listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let version = version_of("rabbit", &names)
        .ok_or_else(|| format!("{} does not tell RabbitMQ's version", plugins.display()))?;
    if version < OLDEST {
        return Err(format!("{} is version {}.{}, older than {OLDEST:?}", bin.display(), version.0, version.1));
    }
    match PLUGINS.iter().find(|plugin| version_of(plugin, &names).is_none()) {
        Some(missing) => Err(format!("{} has no plugin {missing}", plugins.display())),
        None => Ok(()),
    }
}

/// The version in a plugin's file name, such as `rabbit-3.10.8` or `rabbit-3.10.8.ez`.
fn version_of(plugin: &str, names: &[String]) -> Option<(u32, u32)> {
    names.iter().find_map(|name| {
        let mut numbers = name.strip_prefix(plugin)?.strip_prefix('-')?.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_version_belongs_to_the_whole_name() {
        let names = names(&["README", "rabbit_common-3.9.1", "rabbit-3.10.8", "rabbitmq_management-4.1.0.ez"]);
        assert_eq!(version_of("rabbit", &names), Some((3, 10)));
        assert_eq!(version_of("rabbitmq_management", &names), Some((4, 1)));
        assert_eq!(version_of("rabbitmq_management_agent", &names), None);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!((3, 9) < OLDEST && (3, 13) > OLDEST && (4, 0) > OLDEST);
    }

    #[test]
    fn what_is_wrong_with_a_directory_is_named() {
        let home = std::env::temp_dir().join(format!("xtask-rabbitmq-{}", std::process::id()));
        let bin = home.join("bin");
        for (plugins, named) in [
            (&[][..], "version"),
            (&["rabbit-3.8.9"], "3.8"),
            (&["rabbit-3.10.8", "rabbitmq_management_agent-3.10.8"], "rabbitmq_management"),
        ] {
            let directory = home.join("plugins");
            fs::create_dir_all(&directory).unwrap();
            for plugin in plugins {
                fs::create_dir_all(directory.join(plugin)).unwrap();
            }
            assert!(usable(&bin).is_err_and(|problem| problem.contains(named)), "{plugins:?}");
            fs::remove_dir_all(&directory).unwrap();
        }
        fs::remove_dir_all(&home).unwrap();
    }
}
