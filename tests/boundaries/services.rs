//! Services talk by events only, their models are pure, and the supervision kit stands alone.

use crate::tidy::code::{closing_brace, is_word, line_of, occurrences};
use crate::tidy::events::SERVICES;
use crate::tidy::rule::{Finding, Rule, crates, phrases, rust_in, shipped};

#[test]
fn services_do_not_import_each_other() {
    let rule = Rule {
        says: "a service's files never name another service's module",
        because: "services talk only by events, so each can run in a process of its own",
        instead: "react to the other service's event and keep what you need of it in your own tables",
        // What is compiled for tests only may set its scene with other services, as inline test modules may.
        covers: |path| path.ends_with(".rs") && service_of(path).is_some() && !path.contains("/tests/"),
        finds: |file| {
            let own = service_of(&file.path);
            let others = modules(&shipped(file), &["crate::", "super::super::"]).into_iter();
            let others =
                others.filter(|(_, module)| SERVICES.contains(&module.as_str()) && Some(module.as_str()) != own);
            others.map(|(line, module)| (line, format!("names the service `{module}`"))).collect()
        },
        broken: ("actors/src/availability/a.rs", "use crate::{\n    clock::Clock,\n    resources::{model::B, C},\n};"),
        kept: (
            "actors/src/availability/a.rs",
            "use crate::{database::resources, availability::B}; use amqp::events::auth::C;",
        ),
    };
    rule.hold();
}

#[test]
fn models_are_pure() {
    let rule = Rule {
        says: "a model has no async, no diesel, no clock",
        because: "folding the same events must give the same row, today and in a replay",
        instead: "take the instant and the rows as arguments; load and save in `store.rs`",
        covers: |path| {
            path.ends_with(".rs")
                && service_of(path).is_some()
                && (path.ends_with("/model.rs") || path.contains("/model/"))
        },
        finds: |file| {
            let code = shipped(file);
            [phrases(&code, &["async", ".await", "Clock", "now("]), crates(&code, &["diesel"])].concat()
        },
        broken: ("actors/src/auth/model.rs", "fn apply(clock: &Clock) {}"),
        kept: ("actors/src/auth/model.rs", "/// Not async.\nfn apply(at: Instant) { known(at) }"),
    };
    rule.hold();
}

#[test]
fn the_kit_stands_alone() {
    let rule = Rule {
        says: "`supervision` imports nothing of Bookly",
        because: "how actors are restarted has nothing to do with what they do",
        instead: "pass it in by a trait or a closure that the kit defines",
        covers: |path| rust_in(path, &["actors/src/supervision/", "actors/src/supervision.rs"]),
        finds: |file| {
            let code = shipped(file);
            let foreign = modules(&code, &["crate::"]).into_iter().filter(|(_, module)| module != "supervision");
            let foreign = foreign.map(|(line, module)| (line, format!("names `crate::{module}`"))).collect();
            [foreign, crates(&code, &["amqp", "bookly", "diesel"])].concat()
        },
        broken: ("actors/src/supervision/a.rs", "use crate::clock::Clock;"),
        kept: ("actors/src/supervision/a.rs", "use crate::supervision::tree; use super::b; // crate::clock"),
    };
    rule.hold();
}

/// The service a path belongs to. `imports/` belongs to none: it coordinates several.
fn service_of(path: &str) -> Option<&str> {
    let service = path.strip_prefix("actors/src/")?.split(['/', '.']).next()?;
    SERVICES.contains(&service).then_some(service)
}

/// The modules that directly follow a prefix such as `crate::`, also inside `crate::{a::B, c}`.
fn modules(code: &str, prefixes: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    for prefix in prefixes {
        for start in occurrences(code, prefix).map(|offset| offset + prefix.len()) {
            if code[start..].starts_with('{') {
                let inner = start + 1..closing_brace(code, start).saturating_sub(1).max(start + 1);
                found.extend(branches(&code[inner]).map(|(offset, name)| (line_of(code, start + 1 + offset), name)));
            } else {
                found.push((line_of(code, start), first_word(&code[start..])));
            }
        }
    }
    found
}

/// The first words of a use tree's branches, with their offsets.
fn branches(tree: &str) -> impl Iterator<Item = (usize, String)> {
    let mut depth = 0_i32;
    let mut starts = vec![0];
    for (offset, character) in tree.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(offset + 1),
            _ => {}
        }
    }
    starts.into_iter().map(|start| {
        let branch = tree[start..].trim_start();
        (tree.len() - branch.len(), first_word(branch))
    })
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|character| is_word(*character)).collect()
}

#[test]
fn every_way_to_name_a_module_is_read() {
    let code = "use crate::a::B;\nuse crate::{\n  c::{d, e},\n  f,\n};\npub(crate) fn x(y: crate::g::H) {}\nuse super::super::i::J;";
    let found = modules(code, &["crate::", "super::super::"]);
    let wanted = [(1, "a"), (3, "c"), (4, "f"), (5, ""), (6, "g"), (7, "i")];
    assert_eq!(found, wanted.map(|(line, name)| (line, name.to_owned())));
}
