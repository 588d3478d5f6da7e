//! Words that do not belong into the workspace's files.

use super::code::{line_of, mask};
use super::rule::{Finding, Rule, phrases, rust_in, shipped};

#[test]
fn modules_are_named_after_a_subject() {
    const EMPTY_NAMES: [&str; 9] =
        ["util", "utils", "utilities", "common", "helper", "helpers", "manager", "managers", "misc"];
    let rule = Rule {
        says: "no module is called utils, common, helpers, manager or the like",
        because: "such a name tells nothing and so attracts everything",
        instead: "name it after what its contents are about",
        covers: |path| path.ends_with(".rs"),
        finds: |file| {
            let mut parts = file.path.trim_end_matches(".rs").split('/');
            parts
                .find(|part| EMPTY_NAMES.contains(part))
                .map(|part| (1, format!("a module `{part}`")))
                .into_iter()
                .collect()
        },
        broken: ("actors/src/auth/helpers.rs", ""),
        kept: ("actors/src/commons.rs", ""),
    };
    rule.hold();
}

#[test]
fn nothing_is_left_undone() {
    let rule = Rule {
        says: "no `#[ignore]`, `todo!`, `unimplemented!`, `dbg!`",
        because: "what is committed works and is tested",
        instead: "finish it, or take it out",
        covers: |path| path.ends_with(".rs"),
        finds: |file| phrases(&mask(&file.text), &["#[ignore", "todo!", "unimplemented!", "dbg!"]),
        broken: ("a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}"),
        kept: ("a.rs", "// todo! says the rule\nfn a() { todo(\"dbg!\") }"),
    };
    rule.hold();
}

#[test]
fn a_row_is_found_without_a_limit() {
    let rule = Rule {
        says: "what is looked for by its primary key is got with `get_result`, not with `first`",
        because: "`first` binds a LIMIT, and SQLite plans a statement anew whenever the parameter of its LIMIT is bound",
        instead: "write `.find(id).get_result(connection)`",
        covers: |path| rust_in(path, &["actors/src/"]),
        finds: |file| {
            let code = shipped(file);
            let mut from = 0;
            let mut found = Vec::new();
            for statement in code.split_inclusive([';', '{', '}']) {
                if let Some(find) = statement.find(".find(")
                    && let Some(first) = ["first(connection", "first::<", "first(transaction"]
                        .into_iter()
                        .find_map(|first| statement[find..].find(first))
                {
                    found.push((line_of(&code, from + find + first), "`first` behind `find`".to_owned()));
                }
                from += statement.len();
            }
            found
        },
        broken: ("actors/src/a.rs", "fn a() { rows::table.find(1).first::<Row>(connection); }"),
        kept: (
            "actors/src/a.rs",
            "fn a() { names.iter().find(is_long); rows::table.order(rows::id).first::<Row>(connection); }",
        ),
    };
    rule.hold();
}

#[test]
fn no_remark_promises_a_repair() {
    const REMARK: &str = concat!("FIX", "ME");
    let rule = Rule {
        says: "no remark promises a later repair",
        because: "nobody is reminded by it",
        instead: "repair it now, or describe the limit where users read of it",
        covers: |path| !path.ends_with(".lock"),
        finds: |file| lines_with(&file.text, &[REMARK]),
        broken: ("a.rs", concat!("// FIX", "ME: later")),
        kept: ("a.rs", "// fix me not"),
    };
    rule.hold();
}

#[test]
fn tests_wait_for_conditions() {
    let rule = Rule {
        says: "no `thread::sleep` in the integration tests but in tests/harness/eventually.rs, the one polling loop",
        because: "a fixed wait is too short on a busy machine and too long on every other",
        instead: "wait for the condition with the harness's `eventually`",
        covers: |path| rust_in(path, &["tests/"]) && path != "tests/harness/eventually.rs",
        finds: |file| phrases(&mask(&file.text), &["thread::sleep", "time::sleep"]),
        broken: ("tests/a.rs", "fn a() { std::thread::sleep(SECOND) }"),
        kept: ("tests/a.rs", "fn a() { thread::sleepy() } // thread::sleep"),
    };
    rule.hold();
}

#[test]
fn files_name_no_machine() {
    let rule = Rule {
        says: "no path of somebody's machine and no registry's host",
        because: "the workspace has to build and run anywhere",
        instead: "use a path relative to the workspace, a temporary directory from the system, or a placeholder",
        covers: |path| path != "Cargo.lock",
        finds: |file| {
            let homes = [
                concat!("/wo", "rk/"),
                concat!("/ro", "ot/"),
                concat!("/ho", "me/"),
                concat!("/tm", "p/"),
                concat!("/Us", "ers/"),
            ];
            let hosts = [
                concat!("artif", "actory"),
                concat!("jfr", "og.io"),
                concat!("index.", "crates.io"),
                concat!("static.", "crates.io"),
                concat!("registry.", "npmjs"),
                concat!("python", "hosted.org"),
                concat!("deb.", "debian.org"),
                concat!("proxy.", "golang.org"),
            ];
            [lines_with_path(&file.text, &homes), lines_with(&file.text, &hosts)].concat()
        },
        broken: ("a.md", concat!("See `/wo", "rk/main/README.md`.")),
        kept: ("a.md", concat!("See https://example.org/wo", "rk/home/ and docs/ro", "ot/x.")),
    };
    rule.hold();
}

fn lines_with(text: &str, wanted: &[&str]) -> Vec<Finding> {
    let found = |line: &str| wanted.iter().find(|word| line.contains(**word)).map(ToString::to_string);
    text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, found(line)?))).collect()
}

/// Like [`lines_with`], where each wanted word begins an absolute path rather than going on with another one.
fn lines_with_path(text: &str, wanted: &[&str]) -> Vec<Finding> {
    let begins = |line: &str, word: &str| {
        let goes_on = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "._-~/}>$".contains(c));
        line.match_indices(word).any(|(offset, _)| !goes_on(&line[..offset]))
    };
    let found = |line: &str| wanted.iter().find(|word| begins(line, word)).map(ToString::to_string);
    text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, found(line)?))).collect()
}
