//! Who and what caused a change.

use amqp::{Envelope, Metadata};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::clock::{Clock, Ids};

/// What a command needs to know of its surroundings: when it runs, for whom, and what it is an effect of. Everything
/// that it appends carries these marks.
#[derive(Debug, Clone)]
pub struct Origin {
    /// When the command runs.
    pub now: DateTime<Utc>,
    /// Where new identifiers come from.
    pub ids: Ids,
    /// The user on whose behalf it runs; `None` for the system itself.
    pub actor: Option<Uuid>,
    /// Shared by everything that one request set off.
    pub correlation_id: Uuid,
    /// The event that this command reacts to.
    pub causation_id: Option<Uuid>,
    /// W3C trace context of the request (<https://www.w3.org/TR/trace-context/>).
    pub traceparent: Option<String>,
}

impl Origin {
    /// The origin of a command that starts something new.
    pub fn new(clock: &Clock, actor: Option<Uuid>) -> Self {
        let ids = Ids;
        Self { now: clock.now(), ids, actor, correlation_id: ids.next(), causation_id: None, traceparent: None }
    }

    /// The origin of a reaction to `event`.
    pub fn reaction(clock: &Clock, event: &Envelope) -> Self {
        Self {
            now: clock.now(),
            ids: Ids,
            actor: event.metadata.actor,
            correlation_id: event.metadata.correlation_id,
            causation_id: Some(event.event_id),
            traceparent: event.metadata.traceparent.clone(),
        }
    }

    /// The acting user's id as events carry it: the nil UUID stands for the system itself.
    pub fn actor_id(&self) -> Uuid {
        self.actor.unwrap_or(Uuid::nil())
    }

    pub(super) fn metadata(&self) -> Metadata {
        Metadata {
            schema_version: 1,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            traceparent: self.traceparent.clone(),
            actor: self.actor,
        }
    }
}
