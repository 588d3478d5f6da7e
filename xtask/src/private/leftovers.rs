//! Processes of a run that outlived it: a test binary after `kill -9` of cargo, a server that a test forgot.
//!
//! Every process of a run carries [`MARK`] with the run's directory in its environment, which nothing else sets, so
//! what is found is provably ours. Where there is no `/proc` nothing is found and nothing is ended.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The environment variable that marks the processes of a run.
pub const MARK: &str = "BOOKLY_TEST_RUN";

/// Asks every process of the run to end, and tells which ones there were.
pub fn end_processes_of(run: &Path) {
    let mark = mark(run);
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if process != std::process::id() && has(&environment, &mark) {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            eprintln!("ending process {process} ({}), left over from the run", name.trim());
            // `kill` is built into every shell, while minimal systems have no program of that name.
            let mut kill = Command::new("sh");
            // It may have ended by itself meanwhile; then there is nothing to say.
            drop(
                kill.args(["-c", "kill \"$0\"", &process.to_string()])
                    .stdin(Stdio::null())
                    .stderr(Stdio::null())
                    .status(),
            );
        }
    }
}

fn mark(run: &Path) -> Vec<u8> {
    [MARK.as_bytes(), b"=", run.as_os_str().as_encoded_bytes()].concat()
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
        let mark = mark(Path::new("/x/run-1"));
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

    /// The kernel lets the parent go on before the new program's environment can be read.
    fn wait_until_marked(process: &std::process::Child, run: &Path) {
        let environ = format!("/proc/{}/environ", process.id());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !has(&fs::read(&environ).unwrap_or_default(), &mark(run)) {
            assert!(std::time::Instant::now() < deadline, "{environ} never showed the mark");
            std::thread::yield_now();
        }
    }
}
