//! A dead letter as operators see it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::model::{Reason, State};
use super::schema::dead_letters;
use crate::database::Error;
use crate::database::sql_types::{Id, Instant};

/// A dead letter, without its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Identifies it.
    pub id: Uuid,
    /// Who could not handle the event: a service's name, `relay` or `unrouted`.
    pub consumer: String,
    /// The event, as far as the message could be read.
    pub event_id: Option<Uuid>,
    /// Its type, or the routing key when the message could not be read.
    pub event_type: Option<String>,
    /// The aggregate that it happened to.
    pub aggregate_id: Option<Uuid>,
    /// The aggregate's version after it.
    pub version: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// Why it is a dead letter.
    pub reason: Reason,
    /// What the last attempt failed with.
    pub error: String,
    /// How often it has failed.
    pub failures: u32,
    /// When it is tried again by itself.
    pub due_at: Option<DateTime<Utc>>,
    /// The same for all that failed alike.
    pub fingerprint: String,
    /// Whether its payload has been edited.
    pub edited: bool,
    /// How it was resolved.
    pub resolution: Option<String>,
    /// When it was parked.
    pub parked_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its place in the order of parking.
    #[serde(skip)]
    pub sequence: i64,
}

/// A row without its message and its history.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
pub(super) struct Row {
    sequence: i64,
    id: Id,
    consumer: String,
    event_id: Option<Id>,
    event_type: Option<String>,
    aggregate_id: Option<Id>,
    version: Option<i64>,
    state: String,
    reason: String,
    error: String,
    failures: i32,
    due_at: Option<Instant>,
    fingerprint: String,
    #[diesel(select_expression = dead_letters::edited.is_not_null())]
    #[diesel(select_expression_type = diesel::dsl::IsNotNull<dead_letters::edited>)]
    edited: bool,
    resolution: Option<String>,
    parked_at: Instant,
    updated_at: Instant,
}

impl Row {
    /// The dead letter.
    ///
    /// # Errors
    /// When a word in it is none of ours.
    pub fn dead_letter(self) -> Result<DeadLetter, Error> {
        let unknown = |what: &str, word: &str| Error::Damaged(format!("{what} of dead letter {}: {word}", self.id.0));
        Ok(DeadLetter {
            state: State::named(&self.state).ok_or_else(|| unknown("state", &self.state))?,
            reason: Reason::named(&self.reason).ok_or_else(|| unknown("reason", &self.reason))?,
            id: self.id.0,
            consumer: self.consumer,
            event_id: self.event_id.map(Uuid::from),
            event_type: self.event_type,
            aggregate_id: self.aggregate_id.map(Uuid::from),
            version: self.version,
            error: self.error,
            failures: u32::try_from(self.failures).unwrap_or_default(),
            due_at: self.due_at.map(|at| at.0),
            fingerprint: self.fingerprint,
            edited: self.edited,
            resolution: self.resolution,
            parked_at: self.parked_at.0,
            updated_at: self.updated_at.0,
            sequence: self.sequence,
        })
    }
}
