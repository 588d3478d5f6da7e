//! What others make of the contract: the specification's own parser reads it.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::skip;

/// The exit code of `asyncapi.mjs` for a document with errors.
const REFUSED: i32 = 3;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lets the parser read a document; `None` when there is no parser, which is noted.
fn parse(test: &str, document: &Path) -> Option<Output> {
    let variables = ["BOOKLY_TEST_NODE", "BOOKLY_TEST_NODE_MODULES"].map(std::env::var);
    let [Ok(node), Ok(modules)] = variables else {
        skip(test, "Node.js with @asyncapi/parser (BOOKLY_TEST_NODE, BOOKLY_TEST_NODE_MODULES)");
        return None;
    };
    let script = workspace().join("tests/consumers/asyncapi.mjs");
    let mut command = Command::new(node);
    command.arg(script).arg(document).env("BOOKLY_TEST_NODE_MODULES", modules);
    Some(command.output().expect("Node.js starts"))
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

#[test]
fn the_official_parser_accepts_the_contract() {
    let Some(output) = parse(module_path!(), &workspace().join("asyncapi.yml")) else { return };
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let accepted = said.lines().last().unwrap_or_default();
    assert!(accepted.starts_with("accepted: AsyncAPI 2.6.0, ") && !accepted.contains(" 0 "), "{said}");
    println!("{said}");
}

#[test]
fn the_official_parser_refuses_a_message_that_is_not_there() {
    let contract = std::fs::read_to_string(workspace().join("asyncapi.yml")).expect("the contract");
    let broken = contract.replacen("'#/components/messages/UserRegistered'", "'#/components/messages/Nobody'", 1);
    assert_ne!(broken, contract, "the contract has no such reference to break");
    let directory = tempfile::tempdir().expect("a directory");
    let document = directory.path().join("asyncapi.yml");
    std::fs::write(&document, broken).expect("a broken copy");

    let Some(output) = parse(module_path!(), &document) else { return };
    let said = said(&output);
    assert_eq!(output.status.code(), Some(REFUSED), "{said}");
    assert!(said.lines().any(|line| line.starts_with("error ") && line.contains("Nobody")), "{said}");
}
