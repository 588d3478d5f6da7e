//! The documents say what is there.

use super::rule::{Finding, Rule};
use super::tree::{self, File};

#[test]
fn links_lead_somewhere() {
    let rule = Rule {
        says: "a link to a file of the workspace leads to a file",
        because: "a reader follows it",
        instead: "correct the path, which is relative to the document",
        covers: |path| path.ends_with(".md"),
        finds: dead_links,
        broken: ("docs/a.md", "See [it](no/such/file.md#part)."),
        kept: (
            "a.md",
            "[one](Cargo.toml#x) [two](https://a.example/b) [three](#here) `[four](nowhere)`\n```\n[five](no)\n```",
        ),
    };
    rule.hold();
}

#[test]
fn the_readme_has_the_two_commands() {
    let rule = Rule {
        says: "the README shows how to try Bookly and how to test it",
        because: "these are the two things a newcomer wants",
        instead: "show a `cargo run … demo` line and `cargo xtask test`",
        covers: |path| path == "README.md",
        finds: |file| {
            let demo = file.text.lines().any(|line| line.contains("cargo run") && line.contains("demo"));
            let test = file.text.contains("cargo xtask test");
            let missing = [(demo, "cargo run -- demo"), (test, "cargo xtask test")];
            missing.iter().filter(|(there, _)| !there).map(|(_, name)| (1, format!("`{name}` is not shown"))).collect()
        },
        broken: ("README.md", "cargo run\ndemo\ncargo xtask test"),
        kept: ("README.md", "cargo run --release -- demo\ncargo xtask test"),
    };
    rule.hold();
}

#[test]
fn payload_fields_are_documented() {
    let rule = Rule {
        says: "every public field of an event's payload has a documentation comment",
        because: "it becomes the description in asyncapi.yml, the manual of other programs",
        instead: "say what the field means, with its unit",
        covers: |path| path.starts_with("amqp/src/events/") && path.ends_with(".rs"),
        finds: bare_fields,
        broken: ("amqp/src/events/a.rs", "pub struct A {\n    #[serde(default)]\n    pub user_id: Uuid,\n}"),
        kept: (
            "amqp/src/events/a.rs",
            "pub struct A {\n    /// Whom it is about.\n    #[serde(default)]\n    pub user_id: Uuid,\n}",
        ),
    };
    rule.hold();
}

fn dead_links(file: &File) -> Vec<Finding> {
    let directory = file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut fenced = false;
    let mut dead = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let prose = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for target in links(&prose).filter(|_| !fenced) {
            let path = target.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:") || path.is_empty();
            if !outside && !tree::root().join(directory).join(path).exists() {
                dead.push((index + 1, format!("`{target}` leads nowhere")));
            }
        }
    }
    dead
}

/// The targets of inline links, without titles.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()?.split_whitespace().next())
}

fn bare_fields(file: &File) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let is_field = |line: &str| {
        let name = line.strip_prefix("pub ").and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
        name.is_some_and(|name| name.chars().all(super::code::is_word))
    };
    let documented = |index: usize| {
        let before = lines[..index].iter().rev().find(|line| !line.starts_with("#["));
        before.is_some_and(|line| line.starts_with("///"))
    };
    let fields = lines.iter().enumerate().filter(|(_, line)| is_field(line));
    fields.filter(|(index, _)| !documented(*index)).map(|(index, line)| (index + 1, format!("`{line}`"))).collect()
}
