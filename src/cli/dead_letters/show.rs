//! Dead letters for people.

use serde_json::Value;

use crate::cli::columns::{print, short};
use crate::output::say;

/// Characters of an error in a table.
const ERROR: usize = 60;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn cells(value: &Value, names: &[&str]) -> Vec<String> {
    let cell = |name: &&str| match &value[*name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => short(text, ERROR),
        other => other.to_string(),
    };
    names.iter().map(cell).collect()
}

fn rows(values: &Value, names: &[&str]) -> Vec<Vec<String>> {
    values.as_array().into_iter().flatten().map(|value| cells(value, names)).collect()
}

/// A page of dead letters.
pub(super) fn list(page: &Value) {
    let names = ["id", "state", "consumer", "eventType", "reason", "failures", "parkedAt", "error"];
    let rows = rows(&page["items"], &names);
    if rows.is_empty() {
        say!("there are no such dead letters");
    }
    print(&["ID", "STATE", "CONSUMER", "TYPE", "REASON", "FAILURES", "PARKED", "ERROR"], &rows);
    if let Some(cursor) = page["nextCursor"].as_str() {
        say!("there are more: --cursor {cursor}");
    }
}

/// Groups of dead letters.
pub(super) fn groups(page: &Value) {
    let names = ["fingerprint", "count", "consumer", "eventType", "reason", "lastParkedAt", "sampleError"];
    let rows = rows(&page["items"], &names);
    if rows.is_empty() {
        say!("there are no dead letters");
    }
    print(&["FINGERPRINT", "COUNT", "CONSUMER", "TYPE", "REASON", "LAST PARKED", "ERROR"], &rows);
}

/// How many there are.
pub(super) fn statistics(statistics: &Value) {
    say!("{} dead letters, {} of them unresolved", statistics["total"], statistics["unresolved"]);
    if let Some(oldest) = statistics["oldestUnresolvedAt"].as_str() {
        say!("the oldest unresolved one was parked at {oldest}");
    }
    let mut rows = Vec::new();
    for (title, part) in
        [("state", "byState"), ("consumer", "byConsumer"), ("type", "byEventType"), ("reason", "byReason")]
    {
        let counts = statistics[part].as_object().into_iter().flatten();
        rows.extend(counts.map(|(name, count)| vec![title.to_owned(), name.clone(), count.to_string()]));
    }
    print(&["BY", "NAME", "COUNT"], &rows);
}

/// What became of one.
pub(super) fn outcome(letter: &Value) {
    let id = text(letter, "id");
    match letter["resolution"].as_str() {
        Some(resolution) => say!("{id} {resolution}"),
        None => say!("{id} {}: {}", text(letter, "state"), text(letter, "error")),
    }
}

/// What became of many.
pub(super) fn bulk(bulk: &Value) {
    say!(
        "{}: {} matched, {} retried, {} resolved, {} failed again",
        text(bulk, "state"),
        bulk["matched"],
        bulk["retried"],
        bulk["resolved"],
        bulk["failedAgain"]
    );
    say!("{}", text(bulk, "detail"));
}

/// One with all that is known of it.
pub(super) fn one(letter: &Value) {
    let names = [
        "id",
        "state",
        "reason",
        "consumer",
        "eventType",
        "eventId",
        "aggregateId",
        "version",
        "failures",
        "dueAt",
        "parkedAt",
        "fingerprint",
        "behind",
        "resolution",
    ];
    for name in names.into_iter().filter(|name| !letter[*name].is_null()) {
        say!("{name:<12} {}", cells(letter, &[name]).concat());
    }
    say!("error        {}", text(letter, "error"));
    say!("\nattempts");
    print(&["AT", "BY", "ERROR"], &rows(&letter["attempts"], &["at", "by", "error"]));
    let operations = rows(&letter["operations"], &["at", "operation", "actor", "reason"]);
    if !operations.is_empty() {
        say!("\noperations");
        print(&["AT", "OPERATION", "ACTOR", "REASON"], &operations);
    }
    message("message", &letter["message"]);
    message("edited message", &letter["editedMessage"]);
}

fn message(title: &str, message: &Value) {
    if !message.is_null() {
        say!("\n{title} ({} bytes, {})\n{}", message["bytes"], text(message, "encoding"), text(message, "content"));
    }
}
