//! A reservation: its state, what may be decided about it, and how events change it.

use amqp::events::{Fields, ReservationCancelled, ReservationCreated, ReservationUpdated};
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::bounded;
use crate::event_store::{Aggregate, aggregate_events};

/// A span of time, half open: the instant of its end is free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// When it begins.
    #[serde(rename = "startTime")]
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    #[serde(rename = "endTime")]
    pub ends_at: DateTime<Utc>,
}

impl Slot {
    /// The span between two instants, both as they can be stored: see [`bounded`].
    pub fn new(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Self {
        Self { starts_at: bounded(starts_at), ends_at: bounded(ends_at) }
    }

    /// Whether the two have an instant in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }

    /// What the two have in common.
    pub fn within(&self, other: &Self) -> Option<Self> {
        let (starts_at, ends_at) = (self.starts_at.max(other.starts_at), self.ends_at.min(other.ends_at));
        (starts_at < ends_at).then_some(Self { starts_at, ends_at })
    }

    /// How long it is.
    pub fn duration(&self) -> TimeDelta {
        self.ends_at - self.starts_at
    }

    /// The span that is blocked when `buffer` is kept free behind it.
    pub fn with_buffer(&self, buffer: TimeDelta) -> Self {
        Self { starts_at: self.starts_at, ends_at: self.ends_at + buffer }
    }

    /// The span moved by `by`.
    pub fn moved(&self, by: TimeDelta) -> Self {
        Self { starts_at: self.starts_at + by, ends_at: self.ends_at + by }
    }
}

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationStatus {
    /// It waits for its approval and holds the resource meanwhile.
    Pending,
    /// It is valid.
    Confirmed,
    /// Its approval was refused.
    Rejected,
    /// Its user has come.
    CheckedIn,
    /// Its user has left.
    Completed,
    /// It was called off.
    Cancelled,
    /// Its user did not come.
    NoShow,
}

impl ReservationStatus {
    /// Whether it holds the resource.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed | Self::CheckedIn)
    }
}

/// A user's right to a resource for a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Its identifier.
    pub id: Uuid,
    /// The resource.
    pub resource_id: Uuid,
    /// The user it is for.
    pub user_id: Uuid,
    /// From when to when.
    #[serde(flatten)]
    pub slot: Slot,
    /// What for.
    pub purpose: Option<String>,
    /// Where it stands.
    pub status: ReservationStatus,
    /// The series it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Uuid>,
    /// The program it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_id: Option<Uuid>,
    /// Further users who take part.
    pub participants: Vec<Uuid>,
    /// Who asked for it.
    pub created_by: Uuid,
    /// Whether it was cancelled after the deadline for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled_late: bool,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

aggregate_events! {
    /// What can happen to a reservation.
    pub enum ReservationEvent {
        /// It was made.
        Created(ReservationCreated),
        /// It was moved, or its purpose changed.
        Updated(ReservationUpdated),
        /// It was called off.
        Cancelled(ReservationCancelled),
    }
}

impl Aggregate for Reservation {
    type Event = ReservationEvent;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &ReservationEvent) -> Result<Self, String> {
        let mut reservation = match (state, event) {
            (None, ReservationEvent::Created(created)) => return Ok(Self::created(created, version, at)),
            (Some(reservation), _) => reservation,
            (None, _) => return Err("a reservation begins with its creation".to_owned()),
        };
        match event {
            ReservationEvent::Created(_) => return Err("a reservation is created once".to_owned()),
            ReservationEvent::Updated(updated) => reservation.merge(&updated.changes)?,
            ReservationEvent::Cancelled(cancelled) => {
                reservation.status = ReservationStatus::Cancelled;
                reservation.cancelled_late = cancelled.late;
                reservation.cancel_reason.clone_from(&cancelled.reason);
            }
        }
        reservation.version = version;
        reservation.updated_at = at;
        Ok(reservation)
    }
}

impl Reservation {
    fn created(event: &ReservationCreated, version: i64, at: DateTime<Utc>) -> Self {
        let status = if event.requires_approval { ReservationStatus::Pending } else { ReservationStatus::Confirmed };
        Self {
            id: event.reservation_id,
            resource_id: event.resource_id,
            user_id: event.user_id,
            slot: Slot { starts_at: event.start_time, ends_at: event.end_time },
            purpose: event.purpose.clone(),
            status,
            series_id: event.series_id,
            program_id: event.program_id,
            participants: event.participants.clone(),
            created_by: event.created_by,
            cancelled_late: false,
            cancel_reason: None,
            version,
            created_at: at,
            updated_at: at,
        }
    }

    /// The event for a cancellation. It is late from `deadline` before the start.
    pub fn cancel(
        &self,
        now: DateTime<Utc>,
        deadline: TimeDelta,
        reason: Option<String>,
        by: Uuid,
    ) -> Result<ReservationCancelled, String> {
        if !self.status.is_live() {
            return Err(format!("the reservation is {} and cannot be cancelled", self.status.word()));
        }
        if self.slot.ends_at <= now {
            return Err("the reservation is over and cannot be cancelled".to_owned());
        }
        Ok(ReservationCancelled {
            reservation_id: self.id,
            resource_id: self.resource_id,
            user_id: self.user_id,
            start_time: self.slot.starts_at,
            end_time: self.slot.ends_at,
            reason,
            cancelled_by: by,
            late: now > self.slot.starts_at - deadline,
        })
    }

    /// The event for an edit; `None` when it changes nothing.
    pub fn edit(
        &self,
        now: DateTime<Utc>,
        slot: Slot,
        purpose: Option<&str>,
        by: Uuid,
    ) -> Result<Option<ReservationUpdated>, String> {
        if !self.status.is_live() {
            return Err(format!("the reservation is {} and cannot be changed", self.status.word()));
        }
        if slot != self.slot && self.slot.starts_at <= now {
            return Err("the reservation has begun and cannot be moved".to_owned());
        }
        let (mut changes, mut previous) = (Fields::new(), Fields::new());
        let mut change = |field: &str, old: Value, new: Value| {
            changes.insert(field.to_owned(), new);
            previous.insert(field.to_owned(), old);
        };
        // Both times, also the one that stays: whoever keeps what days are like has to know all that the span touched.
        if slot != self.slot {
            change("startTime", json!(self.slot.starts_at), json!(slot.starts_at));
            change("endTime", json!(self.slot.ends_at), json!(slot.ends_at));
        }
        if purpose.is_some() && purpose != self.purpose.as_deref() {
            change("purpose", json!(self.purpose), json!(purpose));
        }
        if changes.is_empty() {
            return Ok(None);
        }
        Ok(Some(ReservationUpdated {
            reservation_id: self.id,
            resource_id: Some(self.resource_id),
            user_id: Some(self.user_id),
            changes,
            previous_values: Some(previous),
            updated_by: by,
        }))
    }

    fn merge(&mut self, changes: &Fields) -> Result<(), String> {
        for (field, value) in changes {
            let value = value.clone();
            let read = |error: serde_json::Error| format!("{field}: {error}");
            match field.as_str() {
                "startTime" => self.slot.starts_at = serde_json::from_value(value).map_err(read)?,
                "endTime" => self.slot.ends_at = serde_json::from_value(value).map_err(read)?,
                "purpose" => self.purpose = serde_json::from_value(value).map_err(read)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl ReservationStatus {
    /// The name on the wire: `CHECKED_IN`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::CheckedIn => "CHECKED_IN",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::NoShow => "NO_SHOW",
        }
    }

    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Confirmed,
        Self::Rejected,
        Self::CheckedIn,
        Self::Completed,
        Self::Cancelled,
        Self::NoShow,
    ];
}

impl std::str::FromStr for ReservationStatus {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.word() == word).ok_or_else(|| format!("no status {word}"))
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
