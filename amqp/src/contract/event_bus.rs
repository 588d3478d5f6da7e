//! `EVENT_BUS.md`: a service's events for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::schemas::Schemas;
use crate::catalogue::{self, Entry};
use crate::service::Service;
use crate::topology::{EXCHANGE, queue_name};

/// A service's part of the event bus, as Markdown: what it publishes and what it consumes.
pub fn event_bus(service: Service) -> String {
    let published: Vec<_> = catalogue::produced_by(service).collect();
    let consumed: Vec<_> = catalogue::consumed_by(service).collect();
    let schemas = Schemas::of(published.iter().copied());
    let mut text = introduction(service, !consumed.is_empty());
    text.push_str("\n## Published\n");
    if published.is_empty() {
        text.push_str("\nNothing.\n");
    }
    for entry in published {
        text.push_str(&publication(entry, &schemas));
    }
    text.push_str("\n## Consumed\n");
    if consumed.is_empty() {
        text.push_str("\nNothing.\n");
    }
    for entry in consumed {
        text.push_str(&consumption(entry, service));
    }
    text
}

fn introduction(service: Service, consumes: bool) -> String {
    let name = service.wire_name();
    let queue = if consumes {
        format!("It consumes from the queue `{}`, one event at a time for each aggregate.", queue_name(service))
    } else {
        "It has no queue.".to_owned()
    };
    format!(
        "<!-- Generated from the event catalogue by `bookly contract`. Do not edit. -->\n\n\
         # Events of {name}\n\n\
         `{name}` publishes to the exchange `{EXCHANGE}`, with the event type as routing key. {queue}\n\
         The tables below describe the field `data` of the envelope; `asyncapi.yml` beside this file describes all of it.\n"
    )
}

fn publication(entry: &Entry, schemas: &Schemas) -> String {
    let mut rows = String::new();
    if let Some(schema) = schemas.by_name.get(entry.payload) {
        table_rows(&mut rows, "", schema, schemas);
    }
    let example = serde_json::to_string_pretty(&entry.example()).expect("a JSON value can be written");
    format!(
        "\n### `{}`\n\n{}\n\nAggregate: {}. {}\n\n\
         | Field | Type | Required | Meaning |\n|---|---|---|---|\n{rows}\n```json\n{example}\n```\n",
        entry.event_type,
        entry.description(),
        entry.aggregates().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
        consumers(entry),
    )
}

fn consumers(entry: &Entry) -> String {
    if entry.consumers.is_empty() {
        return "Consumed by no service of Bookly.".to_owned();
    }
    let names: Vec<_> = entry.consumers.iter().map(|service| format!("`{}`", service.wire_name())).collect();
    format!("Consumed by {}.", names.join(", "))
}

fn consumption(entry: &Entry, service: Service) -> String {
    let actions = entry.routes.iter().filter(|route| route.consumer == service).map(|route| route.action);
    format!(
        "\n### `{}`\n\n{}\n\n- Published by: `{}`\n- Handler: `{}`\n- Action: {}.\n",
        entry.event_type,
        entry.description(),
        entry.producer.wire_name(),
        handler_path(entry, service),
        actions.collect::<Vec<_>>().join("; "),
    )
}

/// Where a service's reaction to an event is written, relative to the project's root.
fn handler_path(entry: &Entry, service: Service) -> String {
    let file: String = entry.event_type.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("actors/src/{service}/on_{file}.rs")
}

/// One row for each property, those of nested objects included as `outer.inner`.
fn table_rows(rows: &mut String, prefix: &str, schema: &Value, schemas: &Schemas) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (name, property) in properties {
        let needed = required.is_some_and(|required| required.iter().any(|field| field == name));
        let meaning = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let (type_name, needed) = (type_name(property, schemas), if needed { "yes" } else { "no" });
        let meaning = meaning.replace('\n', " ").replace('|', "\\|");
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "| `{prefix}{name}` | {type_name} | {needed} | {meaning} |");
        let value = schemas.resolve(property);
        match value.get("items") {
            Some(items) => table_rows(rows, &format!("{prefix}{name}[]."), schemas.resolve(items), schemas),
            None => table_rows(rows, &format!("{prefix}{name}."), value, schemas),
        }
    }
}

/// A schema's type in words: `UUID`, `list of instants`, `"low"`, `"high"`.
fn type_name(schema: &Value, schemas: &Schemas) -> String {
    let schema = schemas.resolve(schema);
    if let Some(values) = choices(schema) {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    let format = schema.get("format").and_then(Value::as_str);
    match (schema.get("type").and_then(Value::as_str), format) {
        (Some("string"), Some("uuid")) => "UUID".to_owned(),
        (Some("string"), Some("date-time")) => "instant".to_owned(),
        (Some("string"), Some("email")) => "email address".to_owned(),
        (Some("string"), _) => "text".to_owned(),
        (Some("array"), _) => {
            format!("list of {}", schema.get("items").map_or("anything".to_owned(), |items| type_name(items, schemas)))
        }
        (Some("integer"), _) => integer(schema),
        (Some(name), _) => name.to_owned(),
        (None, _) => "anything".to_owned(),
    }
}

fn integer(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(low), Some(high)) => format!("integer, {low} to {high}"),
        (Some(low), None) => format!("integer, at least {low}"),
        _ => "integer".to_owned(),
    }
}

/// The values of an enumeration, whether its variants are described or not.
fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(Value::as_str).collect();
    }
    let variants = schema.get("oneOf").and_then(Value::as_array)?;
    let mut values = Vec::new();
    for variant in variants {
        match variant.get("enum").and_then(Value::as_array) {
            Some(several) => values.extend(several.iter().filter_map(Value::as_str)),
            None => values.push(variant.get("const").and_then(Value::as_str)?),
        }
    }
    Some(values)
}
