//! What is parked, made from what was delivered.

use amqp::{Envelope, Service};
use chrono::{DateTime, Utc};

use crate::dead_letters::{EventRef, Parcel, Reason};

/// An event to park, without attempts; due for a retry at `due_at`, or failed for good.
pub(super) fn parcel(
    service: Service,
    event: &Envelope,
    bytes: Option<&[u8]>,
    reason: Reason,
    error: String,
    due_at: Option<DateTime<Utc>>,
) -> Parcel {
    Parcel {
        consumer: service.name().to_owned(),
        event: Some(EventRef::of(event)),
        label: Some(event.event_type.clone()),
        bytes: bytes.map_or_else(|| serde_json::to_vec(event).unwrap_or_default(), <[u8]>::to_vec),
        reason,
        error,
        attempts: Vec::new(),
        failures: 0,
        due_at,
    }
}
