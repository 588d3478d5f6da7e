//! The event store, on both engines, with categories as the aggregates: their events are the smallest.

use std::sync::mpsc;

use amqp::Envelope;
use amqp::events::{CategoryCreated, CategoryUpdated, Fields};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;
use crate::clock::{Clock, Ids};
use crate::database::scratch::{Scratch, on_each_engine};
use crate::database::{Database, Error, Transaction};

mod appending;
mod claiming;
mod listing;
mod planning;

aggregate_events! {
    enum Happened {
        Created(CategoryCreated),
        Updated(CategoryUpdated),
    }
}

/// The name, and how often something happened.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: String,
    version: i64,
    at: DateTime<Utc>,
}

impl Aggregate for Named {
    type Event = Happened;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &Happened) -> Result<Self, String> {
        let name = match (state, event) {
            (None, Happened::Created(created)) => created.name.clone(),
            (Some(_), Happened::Updated(updated)) => {
                updated.changes.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            _ => return Err("created once, first of all".to_owned()),
        };
        Ok(Self { name, version, at })
    }
}

fn aggregate(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).expect("an instant")
}

fn origin() -> Origin {
    let mut origin = Origin::new(&Clock::manual(noon()), Some(aggregate(99)));
    origin.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    origin
}

/// The event that gives the aggregate this version.
fn event(number: u128, version: i64) -> Happened {
    let (category_id, by) = (aggregate(number), Uuid::nil());
    if version == 1 {
        let name = "first".to_owned();
        CategoryCreated { category_id, name, description: None, parent_category_id: None, created_by: by }.into()
    } else {
        let changes = Fields::from_iter([("name".to_owned(), json!(format!("name {version}")))]);
        CategoryUpdated { category_id, changes, previous_values: None, updated_by: by }.into()
    }
}

fn put(transaction: &mut Transaction<'_>, number: u128, version: i64) -> Result<(), Error> {
    append_one(transaction, &origin(), version, event(number, version))
}

/// Appends events one commit each, given by aggregate and version.
async fn happened(database: &Database, events: &[(u128, i64)]) {
    for &(number, version) in events {
        database.write(move |transaction| put(transaction, number, version)).await.expect("appended");
    }
}

async fn history(database: &Database, number: u128) -> Vec<Envelope> {
    database.read(move |connection| events_of(connection, aggregate(number))).await.expect("a history")
}

fn versions(events: &[Envelope]) -> Vec<(u128, i64)> {
    events.iter().map(|envelope| (envelope.aggregate_id.as_u128(), envelope.version)).collect()
}
