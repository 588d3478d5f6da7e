//! Processes of a run that outlived it: a test binary after `kill -9` of cargo, a server that a test forgot.
//!
//! Every process of a run carries [`MARK`] with the run's directory in its environment, which nothing else sets, so
//! what is found is provably ours. Where there is no `/proc` nothing is found and nothing is ended.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The environment variable that marks the processes of a run.
pub const MARK: &str = "BOOKLY_TEST_RUN";

const END_LIMIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Asks every process of the run to end, and tells which ones there were.
pub fn end_processes_of(run: &Path) {
    for process in marked(MARK, run) {
        tell(process);
        signal("TERM", process);
    }
}

/// Kills every process whose `variable` names the run, tells which ones there were and waits until they are gone.
pub fn kill_marked(variable: &str, run: &Path) {
    for process in marked(variable, run) {
        tell(process);
        signal("KILL", process);
    }
    let since = Instant::now();
    while !marked(variable, run).is_empty() && since.elapsed() < END_LIMIT {
        thread::sleep(LOOK_EVERY);
    }
}

/// Sends a process a signal, by its name without `SIG`.
pub fn signal(name: &str, process: u32) {
    // `kill` is built into every shell, while minimal systems have no program of that name.
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$0\" \"$1\"", name, &process.to_string()]);
    // It may have ended by itself meanwhile; then there is nothing to say.
    drop(kill.stdin(Stdio::null()).stderr(Stdio::null()).status());
}

fn tell(process: u32) {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    eprintln!("ending process {process} ({}), left over from the run", name.trim());
}

/// The other processes whose `variable` names the run.
fn marked(variable: &str, run: &Path) -> Vec<u32> {
    let mark = mark(variable, run);
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_marked = |process: &u32| {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        *process != std::process::id() && has(&environment, &mark)
    };
    processes.filter(is_marked).collect()
}

fn mark(variable: &str, run: &Path) -> Vec<u8> {
    [variable.as_bytes(), b"=", run.as_os_str().as_encoded_bytes()].concat()
}

/// Whether a process's environment block (proc_pid_environ(5)) has exactly this entry.
fn has(environment: &[u8], entry: &[u8]) -> bool {
    environment.split(|byte| *byte == 0).any(|found| found == entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_entry_counts() {
        let mark = mark(MARK, Path::new("/x/run-1"));
        assert!(has(b"A=1\0BOOKLY_TEST_RUN=/x/run-1\0B=2\0", &mark));
        assert!(!has(b"BOOKLY_TEST_RUN=/x/run-12\0", &mark));
        assert!(!has(b"OTHER_BOOKLY_TEST_RUN=/x/run-1\0", &mark));
        assert!(!has(b"", &mark));
    }

    #[test]
    fn a_marked_process_is_ended_and_others_are_not() {
        if !Path::new("/proc/self/environ").exists() {
            return;
        }
        let run = std::env::temp_dir().join(format!("no-such-run-{}", std::process::id()));
        let spawn = |value: &Path| Command::new("sleep").arg("60").env(MARK, value).spawn().unwrap();
        let (mut ours, mut other) = (spawn(&run), spawn(&run.join("else")));
        wait_until_marked(&ours, &run);

        end_processes_of(&run);

        assert!(!ours.wait().unwrap().success());
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn killing_reaches_a_process_that_was_stopped() {
        if !Path::new("/proc/self/environ").exists() {
            return;
        }
        let run = std::env::temp_dir().join(format!("no-such-stopped-run-{}", std::process::id()));
        let mut stopped = Command::new("sleep").arg("60").env(MARK, &run).spawn().unwrap();
        wait_until_marked(&stopped, &run);
        signal("STOP", stopped.id());
        kill_marked(MARK, &run);
        assert!(!stopped.wait().unwrap().success());
    }

    /// The kernel lets the parent go on before the new program's environment can be read.
    fn wait_until_marked(process: &std::process::Child, run: &Path) {
        let environ = format!("/proc/{}/environ", process.id());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !has(&fs::read(&environ).unwrap_or_default(), &mark(MARK, run)) {
            assert!(std::time::Instant::now() < deadline, "{environ} never showed the mark");
            std::thread::yield_now();
        }
    }
}
