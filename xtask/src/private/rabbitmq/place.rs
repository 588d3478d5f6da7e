//! A broker's directory: settings, data, log, and a `rabbitmqctl` that reaches this broker.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::open_for_output;
use super::ports::Ports;
use crate::environment;
use crate::private::tail::tail;

/// Each broker has a port mapper of its own, so one name does for all; data of quorum queues belongs to a name.
const NODE: &str = "bookly@localhost";
const PLUGINS: &str = "[rabbitmq_management].\n";
/// What the management API shows of queues is as old as their last tick (milliseconds) and the last sample (the second
/// number of each pair, seconds), which are 5 s each by default: tests wait for what they expect to see there.
const ADVANCED: &str = "\
[{rabbit, [{quorum_tick_interval, 500}]},
 {rabbitmq_management, [{sample_retention_policies,
  [{global, [{60, 1}]}, {basic, [{60, 1}]}, {detailed, [{60, 1}]}]}]}].
";
const LOCK_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A broker's directory, for this process alone.
pub struct Place {
    path: PathBuf,
    lock: Option<File>,
}

impl Place {
    /// An empty directory whose data nobody needs afterwards.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn passing(path: &Path) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("cannot use {}: {error}", path.display());
        if path.exists() {
            fs::remove_dir_all(path).map_err(cannot)?;
        }
        make(path).map_err(cannot)?;
        Ok(Self { path: path.to_owned(), lock: None })
    }

    /// A directory that may hold a broker's data already. Waits until a broker that is just stopping has left it.
    ///
    /// # Errors
    /// When the file system refuses, or another broker stays.
    pub fn kept(path: &Path) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("cannot use {}: {error}", path.display());
        make(path).map_err(cannot)?;
        let path = fs::canonicalize(path).map_err(cannot)?;
        let lock = open_for_output(&path.join("lock"))?;
        let since = Instant::now();
        while lock.try_lock().is_err() {
            if since.elapsed() > LOCK_LIMIT {
                return Err(format!("another broker runs in {}", path.display()));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(Self { path, lock: Some(lock) })
    }

    /// Whether its data is wanted afterwards.
    pub fn is_kept(&self) -> bool {
        self.lock.is_some()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The broker's log.
    pub fn log(&self) -> PathBuf {
        self.path.join("log/rabbitmq.log")
    }

    /// Opens the file for what the broker prints.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn output(&self) -> Result<File, String> {
        open_for_output(&self.path.join("output"))
    }

    /// The end of what the broker said.
    pub fn last_words(&self) -> String {
        [self.path.join("output"), self.log()].map(|path| tail(&path)).join("\n")
    }

    /// Writes the settings for these ports.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write_settings(&self, bin: &Path, ports: Ports) -> Result<(), String> {
        let write = || -> io::Result<()> {
            for directory in ["home", "data", "log"] {
                make(&self.path.join(directory))?;
            }
            for (name, text) in [
                ("enabled_plugins", PLUGINS),
                ("advanced.config", ADVANCED),
                ("rabbitmq.conf", &settings(ports)),
                ("rabbitmqctl", &self.control_script(bin, ports)),
            ] {
                fs::write(self.path.join(name), text)?;
            }
            fs::set_permissions(self.path.join("rabbitmqctl"), PermissionsExt::from_mode(0o700))
        };
        write().map_err(|error| format!("cannot write into {}: {error}", self.path.display()))
    }

    /// The whole environment of the broker and of programs that speak to it.
    pub fn environment(&self, ports: Ports) -> Vec<(&'static str, OsString)> {
        let at = |name: &str| self.path.join(name).into_os_string();
        vec![
            ("PATH", environment::path()),
            // Erlang keeps its cookie there.
            ("HOME", at("home")),
            ("LC_ALL", "C.UTF-8".into()),
            // Makes the start script become the broker instead of its parent.
            ("RUNNING_UNDER_SYSTEMD", "true".into()),
            ("ERL_EPMD_PORT", ports.mapper.to_string().into()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_NODENAME", NODE.into()),
            ("RABBITMQ_DIST_PORT", ports.distribution.to_string().into()),
            ("RABBITMQ_MNESIA_BASE", at("data")),
            ("RABBITMQ_LOG_BASE", at("log")),
            ("RABBITMQ_PID_FILE", at("pid")),
            ("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
            ("RABBITMQ_PLUGINS_EXPAND_DIR", at("plugins")),
            // Set to what is no file, so that the machine's own is not read.
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".into()),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", distribution(ports).into()),
        ]
    }

    fn control_script(&self, bin: &Path, ports: Ports) -> String {
        let mut script = "#!/bin/sh\n# rabbitmqctl for the broker of this directory.\nexec env -i".to_owned();
        let server_only = ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RUNNING_UNDER_SYSTEMD"];
        for (name, value) in self.environment(ports).iter().filter(|(name, _)| !server_only.contains(name)) {
            // Writing into a string cannot fail.
            let _ = write!(script, " {name}={}", quoted(&value.to_string_lossy()));
        }
        script + &format!(" {} \"$@\"\n", quoted(&bin.join("rabbitmqctl").to_string_lossy()))
    }
}

/// Named on the command line, the node joins our port mapper as it starts. RabbitMQ would otherwise start a second
/// Erlang first, to make sure that there is a port mapper.
fn distribution(ports: Ports) -> String {
    let port = ports.distribution;
    format!(
        "-sname {NODE} -start_epmd false -kernel inet_dist_use_interface {{127,0,0,1}} \
         -kernel inet_dist_listen_min {port} -kernel inet_dist_listen_max {port}"
    )
}

fn settings(ports: Ports) -> String {
    format!(
        "listeners.tcp.local = 127.0.0.1:{}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {}\n\
         management.rates_mode = none\n\
         collect_statistics_interval = 500\n\
         log.console = false\n\
         log.file = rabbitmq.log\n\
         raft.wal_max_size_bytes = 33554432\n",
        ports.amqp, ports.management
    )
}

/// A word for a shell (POSIX, Shell Command Language, 2.2.2).
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { amqp: 1, management: 2, distribution: 3, mapper: 4 };

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-place-{name}-{}", std::process::id()))
    }

    #[test]
    fn nothing_listens_but_on_the_loopback_interface() {
        let settings = settings(PORTS);
        assert!(settings.contains("listeners.tcp.local = 127.0.0.1:1\n") && settings.contains("tcp.ip = 127.0.0.1\n"));
        assert!(distribution(PORTS).contains("{127,0,0,1}"));
    }

    #[test]
    fn a_passing_place_is_emptied_and_a_kept_one_is_not() {
        let path = scratch("emptied");
        let kept = Place::kept(&path).unwrap();
        fs::write(path.join("data"), "1").unwrap();
        drop(kept);
        drop(Place::kept(&path).unwrap());
        assert!(path.join("data").exists());
        assert!(!Place::passing(&path).unwrap().is_kept());
        assert!(!path.join("data").exists());
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn the_control_script_reaches_this_broker() {
        let path = scratch("it's");
        let place = Place::passing(&path).unwrap();
        place.write_settings(Path::new("/opt/bin"), PORTS).unwrap();
        let script = fs::read_to_string(path.join("rabbitmqctl")).unwrap();
        assert!(script.contains("ERL_EPMD_PORT='4'") && script.contains("'/opt/bin/rabbitmqctl' \"$@\""), "{script}");
        assert!(script.contains(r"it'\''s"), "{script}");
        fs::remove_dir_all(&path).unwrap();
    }
}
