//! The keeper: a second process that owns a run's directory and server.
//!
//! It works until its standard input ends. The kernel closes that pipe when the process at the other end is gone, for
//! whatever reason: success, failure, Ctrl-C, SIGTERM, even SIGKILL. It lives in a process group of its own, so that
//! a Ctrl-C at the terminal does not reach it. If it is killed as well, the next run sweeps (see
//! [`super::directory`]).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use super::directory::RunDirectory;
use super::leftovers;
use super::postgres::Postgres;
use crate::arguments::Keep;

/// The keeper's own side: `xtask keep PRIVATE [POSTGRES_BIN]`.
///
/// # Errors
/// When the directory or the server cannot be had.
pub fn serve(keep: &Keep) -> Result<ExitCode, String> {
    let cannot = |error: io::Error| format!("cannot use {}: {error}", keep.private.display());
    let run = RunDirectory::create(&keep.private).map_err(cannot)?;
    let log_copy = keep.private.join("postgres.log");
    let postgres = keep.postgres.as_ref().map(|bin| Postgres::start(bin, &run, &log_copy)).transpose()?;
    let url = postgres.as_ref().map(Postgres::url).unwrap_or_default();
    // Whoever waits for these lines may be gone already; then standard input has ended too.
    drop(writeln!(io::stdout(), "{}\n{url}", run.path().display()));
    drop(io::stdin().read_to_end(&mut Vec::new()));
    leftovers::end_processes_of(run.path());
    drop(postgres);
    Ok(ExitCode::SUCCESS)
}

/// The other side: a keeper that works as long as this value, and this process, lives.
pub struct Keeper {
    process: Child,
    life_line: Option<ChildStdin>,
    /// The run's directory.
    pub run: PathBuf,
    /// The URL of the run's PostgreSQL, when one was asked for.
    pub postgres: Option<String>,
}

impl Keeper {
    /// Starts a keeper, with a PostgreSQL from the programs in `bin` if given, and waits until that is ready.
    ///
    /// # Errors
    /// When it does not come up; it has said why on standard error.
    pub fn start(private: &Path, bin: Option<&Path>) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.arg("keep").arg(private).args(bin).process_group(0);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = spawned.map_err(|error| format!("cannot start the keeper: {error}"))?;
        let (life_line, answer) = (process.stdin.take(), process.stdout.take());
        let mut keeper = Self { process, life_line, run: PathBuf::new(), postgres: None };
        let (run, url) = read_answer(answer)?;
        keeper.run = run;
        keeper.postgres = url;
        Ok(keeper)
    }

    /// Waits until the keeper ends, which it does only when somebody ends it.
    pub fn wait(&mut self) {
        drop(self.process.wait());
    }
}

fn read_answer(answer: Option<ChildStdout>) -> Result<(PathBuf, Option<String>), String> {
    let mut lines = answer.into_iter().flat_map(|answer| BufReader::new(answer).lines()).map_while(Result::ok);
    let (run, url) = lines.next().zip(lines.next()).ok_or("the private server did not come up; see above")?;
    Ok((PathBuf::from(run), Some(url).filter(|url| !url.is_empty())))
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.life_line.take());
        drop(self.process.wait());
    }
}
