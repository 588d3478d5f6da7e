//! What a package does not depend on, its code cannot name at all.

use crate::tidy::rule::{Finding, Rule};

#[test]
fn the_binary_depends_on_no_storage() {
    let rule = Rule {
        says: "the root package's [dependencies] have no diesel, lapin or redis",
        because: "the edges reach storage and transport through `actors` only",
        instead: "add it to `actors` or `amqp`; tests may use it as a dev-dependency",
        covers: |path| path == "Cargo.toml",
        finds: |file| dependencies(&file.text, &["diesel", "lapin", "redis"]),
        broken: ("Cargo.toml", "[dependencies]\nlog = \"1\"\ndiesel.workspace = true\n"),
        kept: (
            "Cargo.toml",
            "[workspace.dependencies]\ndiesel = \"2\"\n[dependencies]\nlog = \"1\"\n[dev-dependencies]\ndiesel = \"2\"\n",
        ),
    };
    rule.hold();
}

#[test]
fn amqp_depends_on_no_layer_above() {
    let rule = Rule {
        says: "`amqp`'s [dependencies] have no actix, diesel, `actors` or `bookly`",
        because: "what crosses service boundaries must be usable without a service, a database or a server",
        instead: "put what needs it into `actors`",
        covers: |path| path == "amqp/Cargo.toml",
        finds: |file| dependencies(&file.text, &["actix", "diesel", "actors", "bookly"]),
        broken: ("amqp/Cargo.toml", "[dependencies]\nactix-rt = { workspace = true }\n"),
        kept: ("amqp/Cargo.toml", "[package]\nname = \"amqp\"\n[dependencies]\nlog = \"1\"\n"),
    };
    rule.hold();
}

#[test]
fn actors_depend_on_no_http() {
    let rule = Rule {
        says: "`actors`' [dependencies] have no actix-web or `bookly`",
        because: "a service's commands are the same for HTTP, the command line and tests",
        instead: "put what needs it into `src/http`",
        covers: |path| path == "actors/Cargo.toml",
        finds: |file| dependencies(&file.text, &["actix-web", "bookly"]),
        broken: ("actors/Cargo.toml", "[dependencies.actix-web]\nversion = \"4\"\n"),
        kept: ("actors/Cargo.toml", "[dependencies]\nactix.workspace = true\nactix-rt.workspace = true\n"),
    };
    rule.hold();
}

/// Lines of [dependencies], also those of one target, whose crate is one of the unwanted or belongs to its family.
fn dependencies(manifest: &str, unwanted: &[&str]) -> Vec<Finding> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().map(str::trim).enumerate() {
        let mut name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if let Some(table) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let own = table.rsplit_once("target.").map_or(table, |_| table.rsplit("').").next().unwrap_or(table));
            inside = own == "dependencies";
            name = own.strip_prefix("dependencies.").unwrap_or_default();
        } else if !inside {
            continue;
        }
        let name = name.trim_matches('"');
        if unwanted.iter().any(|crate_name| name.starts_with(crate_name) || name == format!("bb8-{crate_name}")) {
            found.push((index + 1, format!("depends on `{name}`")));
        }
    }
    found
}
