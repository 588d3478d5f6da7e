//! The end of a server's log, for a message about its failure.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const LENGTH: u64 = 3_000;

/// The last words in a file, or why there are none to be had.
pub fn tail(log: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let start = file.metadata()?.len().saturating_sub(LENGTH);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("({} cannot be read: {error})", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let log = std::env::temp_dir().join(format!("xtask-tail-{}", std::process::id()));
        for (text, length) in [("short", 5), (&*format!("{}the end", "x".repeat(9_000)), 3_000)] {
            std::fs::write(&log, text).unwrap();
            let shown = tail(&log);
            assert_eq!((shown.len(), text.ends_with(&shown)), (length, true));
        }
        std::fs::remove_file(&log).unwrap();
        assert!(tail(&log).contains("cannot be read"));
    }
}
