//! Seeing to it that a process does not outlive the one that started it, however that ends.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::harness::settle;

/// Is told the number of a process, then kills that process when its standard input ends.
const GUARD: &str = "read process && { read _; kill -s KILL \"$process\"; }";
/// Tells its number to the guard before it becomes the program, so that there is no moment without a guard.
const GUARDED: &str = "echo $$ && exec \"$0\" \"$@\" >output 2>&1";

/// A shell that kills a process when this process is gone: the kernel closes the pipe between them then.
pub struct Guard {
    shell: Child,
    life_line: OwnedFd,
}

impl Guard {
    /// Starts a program in a directory, where what it prints goes to the file `output`, and its guard.
    pub fn start(program: &str, arguments: &[&str], directory: &Path) -> io::Result<(Child, Self)> {
        // Neither a Ctrl-C at the terminal nor the test command's sweeping ends it before its work is done.
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD]).process_group(0).env_remove("BOOKLY_TEST_RUN");
        let mut shell = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let life_line = OwnedFd::from(shell.stdin.take().expect("its input"));
        let mut command = Command::new("sh");
        command.args(["-c", GUARDED, program]).args(arguments).current_dir(directory).process_group(0);
        let process = command.stdin(Stdio::null()).stdout(life_line.try_clone()?).spawn()?;
        Ok((process, Self { shell, life_line }))
    }

    /// Ends the guard without harm to the process.
    pub fn dismiss(mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        drop(self.life_line);
    }
}

#[test]
fn a_process_whose_guard_loses_its_owner_is_killed() {
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let [(mut guarded, mut guard), (mut spared, other)] = directories.each_ref().map(|directory| {
        let script = ["-c", "touch runs && exec sleep 600"];
        let started = Guard::start("sh", &script, directory.path()).expect("a shell starts");
        settle("the program runs", || directory.path().join("runs").exists().then_some(()));
        started
    });
    other.dismiss();
    assert_eq!(guarded.try_wait().expect("it can be waited for"), None);
    // The pipe closes, as it does when its owner is killed.
    drop(guard.life_line);
    assert!(!guarded.wait().expect("it ends").success());
    assert!(guard.shell.wait().expect("the guard ends").success());
    assert_eq!(spared.try_wait().expect("it can be waited for"), None);
    spared.kill().expect("it is killed");
    spared.wait().expect("it ends");
}
