//! Saying that a test was skipped, so that nobody takes it for passed.

use std::io::Write;

/// Notes that a test is skipped because `what` is missing; fails it where everything was to be there.
pub fn skip(test: &str, what: &str) {
    let optional = what.starts_with("data:");
    let required = std::env::var_os("BOOKLY_TEST_REQUIRED").is_some();
    assert!(optional || !required, "{test} needs {what}, which the test command was to provide");
    eprintln!("skipped: {test}: {what}");
    if let Some(path) = std::env::var_os("BOOKLY_TEST_SKIPPED") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let line = if optional { format!("{what} ({test})") } else { format!("{test}: {what}") };
        file.and_then(|mut file| writeln!(file, "{line}")).expect("the list of skipped tests can be written");
    }
}
