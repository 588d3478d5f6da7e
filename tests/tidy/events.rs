//! The catalogue of events and the files that react to them name each other.

use std::collections::BTreeSet;

use amqp::catalogue::ENTRIES;

use super::tree;

/// The directories of the services.
pub const SERVICES: [&str; 5] = ["auth", "resources", "availability", "stockpile", "reports"];
const CATALOGUE: &str = "amqp/src/catalogue.rs";

#[test]
fn every_consumer_has_its_reaction_and_every_reaction_its_row() {
    let files = tree::files();
    let rows = ENTRIES.iter().flat_map(|row| row.consumers.iter().map(|service| (service.name(), row.event_type)));
    let wanted: BTreeSet<String> = rows.map(|(service, event)| reaction(service, event)).collect();
    assert!(!wanted.is_empty(), "the catalogue names no consumer");
    let present = files.iter().filter(|file| is_reaction(&file.path)).map(|file| file.path.clone()).collect();
    let problems = problems(&wanted, &present);
    assert!(
        problems.is_empty(),
        "\n{}\n\n  why: the catalogue is what other people read to learn who reacts to what\n  \
         do: write the reaction, or correct the row in {CATALOGUE}\n",
        problems.join("\n")
    );
}

fn is_reaction(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), ["actors", "src", service, file]
        if SERVICES.contains(service) && file.starts_with("on_") && file.ends_with(".rs"))
}

fn problems(wanted: &BTreeSet<String>, present: &BTreeSet<String>) -> Vec<String> {
    let missing = wanted.difference(present).map(|path| format!("{path}:1: is missing, though the catalogue names it"));
    let extra =
        present.difference(wanted).map(|path| format!("{path}:1: reacts to what the catalogue does not send it"));
    missing.chain(extra).collect()
}

/// Where a service's reaction to an event stands.
fn reaction(service: &str, event: &str) -> String {
    format!("actors/src/{service}/on_{}.rs", event.replace(['.', '-'], "_"))
}

#[test]
fn services_are_those_of_the_contract() {
    assert_eq!(amqp::Service::ALL.map(amqp::Service::name), SERVICES);
}

#[test]
fn an_event_type_becomes_a_file_name() {
    let path = reaction("reports", "check-in.completed");
    assert_eq!(path, "actors/src/reports/on_check_in_completed.rs");
    assert!(is_reaction(&path));
}

#[test]
fn a_missing_and_a_needless_reaction_are_caught() {
    let set = |paths: &[&str]| paths.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(problems(&set(&["a"]), &set(&["a"])), Vec::<String>::new());
    assert!(problems(&set(&["a"]), &set(&[]))[0].starts_with("a:1: is missing"));
    assert!(problems(&set(&[]), &set(&["a"]))[0].starts_with("a:1: reacts"));
    assert!(is_reaction("actors/src/auth/on_x.rs") && !is_reaction("actors/src/bridge/on_x.rs"));
}
