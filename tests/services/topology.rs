//! `bookly topology` where there is no broker to look at. What it says of a real one is told in the journeys.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The program in an empty directory, without anything that the tests' own environment sets.
fn topology(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookly"));
    command.arg("topology").args(arguments).current_dir(directory).env("BOOKLY_DATA_DIR", directory.join("data"));
    for name in
        ["DATABASE_URL", "DATABASE_URL_FILE", "AMQP_URL", "AMQP_URL_FILE", "RABBITMQ_MANAGEMENT_URL", "BOOKLY_CONFIG"]
    {
        command.env_remove(name);
    }
    command.output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_must_be_there_is_shown_without_a_broker() {
    let directory = tempfile::tempdir().expect("a directory");
    let shown = topology(directory.path(), &["show"]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let words: Vec<String> =
        text(&shown.stdout).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "bookly.events topic alternate-exchange=bookly.unrouted",
        "bookly.unrouted x-queue-type=quorum",
        "bookly.dead-letters bookly.dead-letters everything",
    ] {
        assert!(words.iter().any(|found| found == line), "{line}: {words:?}");
    }
    for entry in amqp::catalogue::ENTRIES {
        for consumer in entry.consumers {
            let line = format!("bookly.{consumer} bookly.events {}", entry.event_type);
            assert!(words.contains(&line), "{line}: {words:?}");
        }
    }
    assert_eq!(topology(directory.path(), &[]).stdout, shown.stdout, "it is what is done when nothing is said");
    assert!(!directory.path().join("data").exists());
}

#[test]
fn it_is_shown_to_programs_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let shown = topology(directory.path(), &["show", "--json"]);
    let document: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let names = |part: &str| -> Vec<String> {
        let all = document[part].as_array().expect("an array").iter();
        all.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(names("exchanges"), ["bookly.unrouted", "bookly.dead-letters", "bookly.events"]);
    assert!(names("queues").contains(&"bookly.reports".to_owned()), "{document}");
    let bound = document["bindings"].as_array().expect("bindings").len();
    let consumed: usize = amqp::catalogue::ENTRIES.iter().map(|entry| entry.consumers.len()).sum();
    assert_eq!(bound, consumed + 2, "one for each consumer of each event, and the two collecting queues");
}

#[test]
fn nothing_is_compared_or_made_where_no_broker_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    for arguments in [&["diff"][..], &["apply"], &["apply", "--recreate"], &["diff", "--json"]] {
        let refused = topology(directory.path(), arguments);
        assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(2), ""), "{arguments:?}");
        let said = text(&refused.stderr);
        assert!(said.starts_with("bookly: ") && said.contains("AMQP_URL"), "{arguments:?}: {said}");
    }
    let wrong = topology(directory.path(), &["diff", "--amqp-url", "http://localhost"]);
    assert!(wrong.status.code() == Some(1) && text(&wrong.stderr).contains("amqp://"), "{}", text(&wrong.stderr));
    assert_eq!(topology(directory.path(), &["apply", "--force"]).status.code(), Some(2), "force is for --recreate");
    assert!(!directory.path().join("data").exists());
}

#[test]
fn a_broker_that_is_away_is_told_from_one_that_differs() {
    let directory = tempfile::tempdir().expect("a directory");
    // Nobody listens on a port that was free a moment ago and is given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("amqp://guest:secret-word@127.0.0.1:{port}");
    let away = topology(directory.path(), &["diff", "--amqp-url", &url]);
    let said = text(&away.stderr);
    assert_eq!((away.status.code(), text(&away.stdout).as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("cannot be reached") && !said.contains("secret-word"), "{said}");
}
