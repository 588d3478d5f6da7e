//! Each migration exists for both databases and in both directions.

use std::collections::{BTreeMap, BTreeSet};

use super::tree;

const ENGINES: [&str; 2] = ["postgres", "sqlite"];

#[test]
fn migrations_are_twins_and_can_be_undone() {
    let files = tree::files();
    let found: BTreeMap<&str, &str> =
        files.iter().filter_map(|file| Some((file.path.strip_prefix("migrations/")?, file.text.as_str()))).collect();
    assert!(!found.is_empty(), "no migrations were found");
    let problems = problems(&found);
    assert!(
        problems.is_empty(),
        "\n{}\n\n  why: both databases run the same code, and a release can be taken back\n  \
         do: write the missing file; down.sql undoes what up.sql did\n",
        problems.join("\n")
    );
}

fn problems(found: &BTreeMap<&str, &str>) -> Vec<String> {
    let names: BTreeSet<&str> = found.keys().filter_map(|path| path.split('/').nth(1)).collect();
    let wanted = names.iter().flat_map(|name| {
        ENGINES.iter().flat_map(move |engine| ["up", "down"].map(|way| format!("{engine}/{name}/{way}.sql")))
    });
    let state = |path: String| match found.get(path.as_str()) {
        None => Some(format!("migrations/{path}:1: is missing")),
        Some(text) if !has_statement(text) => Some(format!("migrations/{path}:1: does nothing")),
        Some(_) => None,
    };
    wanted.filter_map(state).collect()
}

fn has_statement(sql: &str) -> bool {
    sql.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with("--"))
}

#[test]
fn a_missing_twin_and_an_empty_direction_are_caught() {
    let whole = BTreeMap::from([
        ("postgres/1_a/up.sql", "CREATE"),
        ("postgres/1_a/down.sql", "DROP"),
        ("sqlite/1_a/up.sql", "CREATE"),
        ("sqlite/1_a/down.sql", "-- back\nDROP"),
    ]);
    assert_eq!(problems(&whole), Vec::<String>::new());
    for path in whole.keys() {
        let mut lacking = whole.clone();
        lacking.remove(path);
        assert_eq!(problems(&lacking), [format!("migrations/{path}:1: is missing")]);
    }
    let mut idle = whole;
    idle.insert("sqlite/1_a/down.sql", "-- nothing to undo\n\n");
    assert_eq!(problems(&idle), ["migrations/sqlite/1_a/down.sql:1: does nothing"]);
}
