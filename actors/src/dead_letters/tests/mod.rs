//! Dead letters over their database, on both engines.

use std::sync::Arc;

use amqp::events::CategoryCreated;
use amqp::{Envelope, Metadata};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::access::Caller;
use crate::clock::{Clock, Ids};
use crate::database::scratch::{Scratch, on_each_engine};
use crate::database::{self, Database};
use crate::event_store::Origin;
use crate::service::{Command, Context, Query};

mod bulk;
mod claiming;
mod flood;
mod listing;
mod operating;
mod parking;
mod relayed;
mod retrying;
mod walk;

const OPERATOR: Uuid = Uuid::from_u128(0xffff);

/// No letters.
const NONE: [Uuid; 0] = [];

/// A database with a clock that stands at noon.
struct Scene {
    database: Database,
    clock: Clock,
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

fn aggregate(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The event that gives the aggregate this version, with a readable payload.
fn envelope(number: u128, version: i64) -> Envelope {
    let event = CategoryCreated {
        category_id: aggregate(number),
        name: "Labs".to_owned(),
        description: None,
        parent_category_id: None,
        created_by: Uuid::nil(),
    };
    let event_id = Uuid::from_u128(number << 32 | u128::from(version.unsigned_abs()));
    Envelope::new(&event, event_id, version, noon(), Metadata::new(Uuid::nil())).expect("an envelope")
}

/// That event, failed for good at the reports.
fn parcel(number: u128, version: i64) -> Parcel {
    let envelope = envelope(number, version);
    Parcel {
        consumer: "reports".to_owned(),
        event: Some(EventRef::of(&envelope)),
        label: None,
        bytes: envelope.to_bytes().expect("bytes"),
        reason: Reason::Failed,
        error: format!("no room for event {version}"),
        attempts: vec![AttemptRecord { at: noon(), error: "no room".to_owned(), by: By::Delivery }],
        failures: 3,
        due_at: None,
    }
}

fn due(parcel: Parcel, at: DateTime<Utc>) -> Parcel {
    Parcel { due_at: Some(at), ..parcel }
}

impl Scene {
    fn on(scratch: &Scratch) -> Self {
        Self { database: scratch.open(), clock: Clock::manual(noon()) }
    }

    async fn park(&self, parcel: Parcel) -> Uuid {
        let now = self.clock.now();
        let parked: Result<Uuid, database::Error> =
            self.database.write(move |transaction| park(transaction, &parcel, &Ids, now)).await;
        parked.expect("parked")
    }

    async fn claim(&self, limit: i64) -> Vec<Uuid> {
        let now = self.clock.now();
        let claimed = self.database.write(move |transaction| claim::claim_due(transaction, now, limit)).await;
        claimed.expect("claimed").into_iter().map(|letter| letter.id).collect()
    }

    async fn handled(&self, id: Uuid) {
        let now = self.clock.now();
        self.database.write(move |transaction| handled(transaction, id, now)).await.expect("handled");
    }

    async fn blocked(&self, number: u128) -> bool {
        self.database
            .read(move |connection| blocked(connection, "reports", aggregate(number)))
            .await
            .expect("an answer")
    }

    async fn next_due(&self) -> Option<DateTime<Utc>> {
        self.database.read(claim::next_due).await.expect("an answer")
    }

    async fn run<C: Command>(&self, command: C) -> Result<C::Answer, C::Refusal> {
        let context = self.context();
        self.database.write(move |transaction| command.run(transaction, &context)).await
    }

    async fn ask<Q: Query>(&self, query: Q) -> Result<Q::Answer, Q::Refusal> {
        let context = self.context();
        self.database.read(move |connection| query.run(connection, &context)).await
    }

    fn context(&self) -> Context {
        let caller = Caller { user_id: Some(OPERATOR), ..Caller::operator(Uuid::nil()) };
        Context { caller, origin: Origin::new(&self.clock, Some(OPERATOR)), time_zone: chrono_tz::UTC }
    }

    async fn letter(&self, id: Uuid) -> DeadLetterFile {
        self.ask(GetDeadLetter(id)).await.expect("a dead letter")
    }

    async fn state(&self, id: Uuid) -> State {
        self.letter(id).await.letter.state
    }
}
