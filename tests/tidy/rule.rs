//! A rule about files, together with the proof that it still bites.

use super::code;
use super::tree::{self, File};

/// A line that breaks a rule, and what stands there.
pub type Finding = (usize, String);

/// A rule that each file keeps or breaks on its own.
pub struct Rule {
    /// What must be so.
    pub says: &'static str,
    /// Why.
    pub because: &'static str,
    /// What to do instead.
    pub instead: &'static str,
    /// Whether the rule is about the file at this path.
    pub covers: fn(&str) -> bool,
    /// The findings in the file.
    pub finds: fn(&File) -> Vec<Finding>,
    /// A path and text that break the rule.
    pub broken: (&'static str, &'static str),
    /// A path and text that look alike and keep it.
    pub kept: (&'static str, &'static str),
}

impl Rule {
    /// Fails unless the rule catches its own example, lets the harmless one pass, covers a file, and every file keeps it.
    pub fn hold(&self) {
        assert!(!self.look(&example(self.broken)).is_empty(), "the rule \"{}\" no longer catches anything", self.says);
        let kept = self.look(&example(self.kept));
        assert!(kept.is_empty(), "the rule \"{}\" accuses what keeps it: {kept:?}", self.says);
        let files = tree::files();
        let covered = files.iter().filter(|file| (self.covers)(&file.path)).count();
        assert!(covered > 0, "the rule \"{}\" covers no file: has what it watches moved?", self.says);
        let found: Vec<String> = files.iter().flat_map(|file| self.look(file)).collect();
        self.accept(&found);
    }

    fn look(&self, file: &File) -> Vec<String> {
        if !(self.covers)(&file.path) {
            return Vec::new();
        }
        (self.finds)(file).into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.path)).collect()
    }

    fn accept(&self, found: &[String]) {
        let Self { says, because, instead, .. } = self;
        assert!(found.is_empty(), "\n{}\n\n  rule: {says}\n  why: {because}\n  do: {instead}\n", found.join("\n"));
    }
}

fn example((path, text): (&str, &str)) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

/// The code of a file that ships: without comments, literals and test modules.
pub fn shipped(file: &File) -> String {
    code::without_tests(&code::mask(&file.text))
}

/// Findings of each phrase in code.
pub fn phrases(code: &str, wanted: &[&str]) -> Vec<Finding> {
    let find = |phrase: &&str| {
        let phrase = (*phrase).to_owned();
        code::occurrences(code, &phrase).map(|offset| (code::line_of(code, offset), phrase.clone())).collect::<Vec<_>>()
    };
    wanted.iter().flat_map(find).collect()
}

/// Findings of crates that code names: `name::…` at the start of a path, `use name`, `extern crate name`.
pub fn crates(code: &str, wanted: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in wanted {
        for offset in code::occurrences(code, name) {
            let (before, after) = (code[..offset].trim_end(), code[offset + name.len()..].trim_start());
            let before = before
                .strip_suffix("::")
                .map_or(before, |rest| if rest.ends_with(code::is_word) { "::" } else { rest });
            let imported = ["use", "crate"].iter().any(|word| before.ends_with(word));
            if imported || (after.starts_with("::") && !before.ends_with("::")) {
                found.push((code::line_of(code, offset), format!("names the crate `{name}`")));
            }
        }
    }
    found
}

/// Whether a path is Rust source below one of the directories.
pub fn rust_in(path: &str, directories: &[&str]) -> bool {
    path.ends_with(".rs") && directories.iter().any(|directory| path.starts_with(directory))
}

/// Whether a path is a file of tests, by its name or directory.
pub fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.starts_with("tests/") || path.contains("/tests/")
}
