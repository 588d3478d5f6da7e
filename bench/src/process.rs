//! References that need a process of their own: this program, started again with a part to play.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use crate::{Outcome, cases};

/// The first word of a command line that asks for a part.
const PART: &str = "play";

/// Plays the part that the command line asks for, if it asks for one.
pub fn play_a_part() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [word, part, rest @ ..] = words.as_slice() else { return None };
    if word != PART {
        return None;
    }
    let played = cases::play(part, rest);
    Some(played.map_or_else(
        |error| {
            eprintln!("bench {PART} {part}: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    ))
}

/// A process that is killed with its owner.
pub struct Part {
    child: Child,
    /// The first line that it printed.
    pub said: String,
}

impl Part {
    /// Starts this program with a part to play, and waits for its first line.
    ///
    /// # Errors
    /// When it does not start, or ends before it says something.
    pub fn start(part: &str, words: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(PART).arg(part).args(words).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut said = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        let said = said.trim().to_owned();
        let part = Self { child, said };
        if part.said.is_empty() { Err("it ended before it was ready".into()) } else { Ok(part) }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
