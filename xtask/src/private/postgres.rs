//! A PostgreSQL server of our own: one directory, one free port on the loopback interface, no password.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::directory::RunDirectory;
use super::ports;
use super::tail::tail;
use crate::account::{self, Account};

const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Another program may take the port between our asking for a free one and the server's binding it.
const ATTEMPTS: u32 = 3;

/// Durability stays as in production (fsync, synchronous_commit): the tests measure what users will have. Only sizes
/// differ: many small databases at once, and little memory.
const SETTINGS: [&str; 6] = [
    "max_connections=300",
    "shared_buffers=128MB",
    "listen_addresses=127.0.0.1",
    "wal_level=minimal",
    "max_wal_senders=0",
    "log_line_prefix=%m [%p] %d ",
];

/// A running server. Dropping it stops the server; its data goes with the run's directory.
pub struct Postgres {
    bin: PathBuf,
    place: PathBuf,
    account: Option<Account>,
    log_copy: PathBuf,
    port: u16,
    server: Child,
}

impl Postgres {
    /// Makes a database cluster inside the run's directory and starts a server on it.
    ///
    /// # Errors
    /// When a program fails; its own words are part of the message.
    pub fn start(bin: &Path, run: &RunDirectory, log_copy: &Path) -> Result<Self, String> {
        let account = account::for_server()?;
        let place = run.place_for("postgres", account)?;
        initialise(bin, &place, account)?;
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let port = ports::free(&[])?;
            let server = launch(bin, &place, account, port)?;
            let mut postgres =
                Self { bin: bin.into(), place: place.clone(), account, log_copy: log_copy.into(), port, server };
            match postgres.wait_until_ready() {
                Ok(()) => return Ok(postgres),
                Err(reason) => problem = reason,
            }
        }
        Err(problem)
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            let ended = self.server.try_wait().map_err(|error| error.to_string())?;
            if let Some(status) = ended {
                return Err(format!("PostgreSQL ended while starting ({status}):\n{}", tail(&log_of(&self.place))));
            }
            let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            if status_line(&self.place).is_some_and(|status| status == "ready") && listens() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(format!("PostgreSQL was not ready after {START_LIMIT:?}:\n{}", tail(&log_of(&self.place))))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The log outlives the data: it tells what the server saw of a failed test.
        drop(fs::copy(log_of(&self.place), &self.log_copy));
        if let Ok(Some(status)) = self.server.try_wait() {
            eprintln!("PostgreSQL had ended by itself ({status}); see {}", self.log_copy.display());
            return;
        }
        if let Err(problem) = pg_ctl_stop(&self.bin, &self.place, self.account) {
            eprintln!("{problem}");
            drop(self.server.kill());
        }
        drop(self.server.wait());
    }
}

fn data_of(place: &Path) -> PathBuf {
    place.join("data")
}

fn log_of(place: &Path) -> PathBuf {
    place.join("log")
}

fn initialise(bin: &Path, place: &Path, account: Option<Account>) -> Result<(), String> {
    let mut initdb = account::command(&bin.join("initdb"), account, place);
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--pgdata"]);
    run_quietly(initdb.arg(data_of(place)))
}

fn launch(bin: &Path, place: &Path, account: Option<Account>, port: u16) -> Result<Child, String> {
    let log = File::create(log_of(place)).map_err(|error| format!("cannot write the server's log: {error}"))?;
    let errors = log.try_clone().map_err(|error| error.to_string())?;
    let mut postgres = account::command(&bin.join("postgres"), account, place);
    postgres.arg("-D").arg(data_of(place)).arg("-k").arg(place).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        postgres.args(["-c", setting]);
    }
    postgres.stdout(log).stderr(errors).spawn().map_err(|error| format!("cannot start PostgreSQL: {error}"))
}

/// Its data is about to be deleted, so the server need not write anything more: immediate shutdown.
fn pg_ctl_stop(bin: &Path, place: &Path, account: Option<Account>) -> Result<(), String> {
    let mut stop = account::command(&bin.join("pg_ctl"), account, place);
    run_quietly(stop.args(["stop", "--mode=immediate", "--wait", "--timeout=30", "--pgdata"]).arg(data_of(place)))
}

fn run_quietly(command: &mut Command) -> Result<(), String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&said).trim()))
}

/// The server's state as it writes it into line 8 of postmaster.pid: `starting`, `ready`, `stopping`.
fn status_line(place: &Path) -> Option<String> {
    let text = fs::read_to_string(data_of(place).join("postmaster.pid")).ok()?;
    text.lines().nth(7).map(|line| line.trim().to_owned())
}

/// Stops the server of a dead run, if it still runs and is provably that run's: its command line names the directory.
pub fn stop_stale(place: &Path) {
    let Ok(pid_file) = fs::read_to_string(data_of(place).join("postmaster.pid")) else {
        return;
    };
    let Some(process) = pid_file.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else {
        return;
    };
    let proc = PathBuf::from(format!("/proc/{process}"));
    let command_line = fs::read(proc.join("cmdline")).unwrap_or_default();
    let program = fs::read_link(proc.join("exe"));
    let (Ok(program), true) = (program, is_server_of(&command_line, &data_of(place))) else {
        return;
    };
    let Ok(owner) = fs::metadata(data_of(place)) else {
        return;
    };
    let account = account::is_root().then(|| Account { user: owner.uid(), group: owner.gid() });
    eprintln!("stopping PostgreSQL (process {process}) of that run");
    if let Err(problem) = pg_ctl_stop(program.parent().unwrap_or(Path::new("")), place, account) {
        eprintln!("{problem}");
    }
}

/// Whether a command line (proc_pid_cmdline(5)) is that of a server on `data`.
fn is_server_of(command_line: &[u8], data: &Path) -> bool {
    let words: Vec<&[u8]> = command_line.split(|byte| *byte == 0).collect();
    words.windows(2).any(|pair| pair[0] == b"-D" && pair[1] == data.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_whole_data_directory() {
        let data = Path::new("/x/run-1/postgres/data");
        assert!(is_server_of(b"/bin/postgres\0-D\0/x/run-1/postgres/data\0-k\0/x\0", data));
        assert!(!is_server_of(b"/bin/postgres\0-D\0/x/run-1/postgres/data2\0", data));
        assert!(!is_server_of(b"vi\0/x/run-1/postgres/data\0", data));
        assert!(!is_server_of(b"", data));
    }
}
