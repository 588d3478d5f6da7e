//! Files and functions stay small enough to read at once.

use super::code::functions;
use super::rule::{Rule, is_tests, rust_in, shipped};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 40;

macro_rules! forty_and_one {
    ($line:literal) => {
        forty_and_one!(@ $line $line $line $line $line $line $line $line $line $line)
    };
    (@ $($line:literal)*) => {
        concat!($($line, $line, $line, $line,)* "\n")
    };
}
const LONG_FILE: &str = forty_and_one!("\n\n\n\n\n\n\n\n\n\n");
const LONG_FUNCTION: &str = concat!("fn a() {\n", forty_and_one!("b();\n"), "}\n");
const LONG_TEST: &str = concat!("#[cfg(test)]\nmod tests {\nfn a() {\n", forty_and_one!("b();\n"), "}\n}\n");

#[test]
fn files_are_short() {
    let rule = Rule {
        says: "no source file has more than 400 lines",
        because: "a file is one subject, and a reader keeps one subject in mind",
        instead: "split it by subject, or move its tests into a `tests/` submodule",
        covers: |path| path.ends_with(".rs"),
        finds: |file| {
            let lines = file.text.lines().count();
            if lines > FILE_LINES { vec![(FILE_LINES + 1, format!("{lines} lines"))] } else { vec![] }
        },
        broken: ("a.rs", LONG_FILE),
        kept: ("a.rs", "fn main() {}\n"),
    };
    rule.hold();
}

#[test]
fn operations_are_short() {
    let rule = Rule {
        says: "no function of a service or of the HTTP edge has more than 40 lines",
        because: "a handler tells one story: parse, decide, save, answer",
        instead: "give a part of it a name and a function",
        covers: |path| {
            let service =
                super::events::SERVICES.iter().any(|service| path.starts_with(&format!("actors/src/{service}/")));
            path.ends_with(".rs") && (service || rust_in(path, &["src/http/"])) && !is_tests(path)
        },
        finds: |file| {
            let code = shipped(file);
            let long = functions(&code).into_iter().filter(|function| function.lines > FUNCTION_LINES);
            long.map(|function| (function.line, format!("`{}` has {} lines", function.name, function.lines))).collect()
        },
        broken: ("src/http/a.rs", LONG_FUNCTION),
        kept: ("src/http/a.rs", LONG_TEST),
    };
    rule.hold();
}

#[test]
fn the_limit_itself_is_allowed() {
    let function = |lines: usize| format!("fn a() {{\n{}}}\n", "b();\n".repeat(lines - 2));
    assert_eq!(functions(&function(FUNCTION_LINES))[0].lines, FUNCTION_LINES);
    assert_eq!(functions(&function(FUNCTION_LINES + 1))[0].lines, FUNCTION_LINES + 1);
}
