//! What a run could not test, and whether that fails it.

use std::collections::BTreeMap;

use crate::needs::Missing;

/// Optional data sets announce themselves with this prefix; their absence never fails a run.
const OPTIONAL: &str = "data:";

/// Everything a run skipped, each named once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    lines: BTreeMap<String, usize>,
}

impl Skipped {
    /// Collects the needs that could not be had and the lines that tests wrote.
    pub fn new(missing: &[Missing], written: &str) -> Self {
        let needs = missing.iter().map(|need| format!("{}: {}", need.name, need.reason));
        let tests = written.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        let mut skipped = Self::default();
        for line in needs.chain(tests) {
            *skipped.lines.entry(line).or_default() += 1;
        }
        skipped
    }

    /// Whether a run that may skip nothing has to fail.
    pub fn fails_a_gate(&self) -> bool {
        self.lines.keys().any(|line| !line.starts_with(OPTIONAL))
    }

    /// One line each, in order of the alphabet.
    pub fn report(&self) -> Vec<String> {
        let times = |count: usize| {
            if count > 1 { format!(" ({count} times)") } else { String::new() }
        };
        self.lines.iter().map(|(line, count)| format!("skipped: {line}{}", times(*count))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres() -> Missing {
        Missing { name: "PostgreSQL", reason: "not found".into() }
    }

    #[test]
    fn needs_and_lines_of_tests_are_listed_once_each() {
        let skipped = Skipped::new(&[postgres()], "b needs a server\n\na\nb needs a server\n");
        assert_eq!(
            skipped.report(),
            ["skipped: PostgreSQL: not found", "skipped: a", "skipped: b needs a server (2 times)"]
        );
    }

    #[test]
    fn only_missing_data_sets_pass_a_gate() {
        assert!(!Skipped::new(&[], "").fails_a_gate());
        assert!(!Skipped::new(&[], "data: timetables\n").fails_a_gate());
        assert!(Skipped::new(&[], "data: timetables\nredis\n").fails_a_gate());
        assert!(Skipped::new(&[postgres()], "data: timetables").fails_a_gate());
    }
}
