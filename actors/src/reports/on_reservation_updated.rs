//! A reservation was moved: its registration follows.

use amqp::Envelope;
use amqp::events::{Fields, ReservationUpdated};
use chrono::{DateTime, Utc};

use super::{Reports, store};
use crate::database::Transaction;
use crate::database::sql_types::Instant;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Occurrence, Reacts};

impl Reacts<ReservationUpdated> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationUpdated,
    ) -> Result<(), HandlingError> {
        store::change(transaction, &[(envelope, event.reservation_id, event)], apply)
    }

    fn react_to_all(
        transaction: &mut Transaction<'_>,
        occurrences: Vec<Occurrence<'_, ReservationUpdated>>,
    ) -> Result<(), HandlingError> {
        let events: Vec<_> =
            occurrences.into_iter().map(|one| (one.envelope, one.event.reservation_id, one.event)).collect();
        store::change(transaction, &events, apply)
    }
}

fn apply(row: &mut store::Row, event: &ReservationUpdated) -> Result<(), HandlingError> {
    if let Some(start) = instant(&event.changes, "startTime")? {
        row.starts_at = Instant(start);
    }
    if let Some(end) = instant(&event.changes, "endTime")? {
        row.ends_at = Instant(end);
    }
    Ok(())
}

fn instant(changes: &Fields, field: &str) -> Result<Option<DateTime<Utc>>, HandlingError> {
    let read = |value: &serde_json::Value| {
        serde_json::from_value(value.clone()).map_err(|error| HandlingError::Unreadable(format!("{field}: {error}")))
    };
    changes.get(field).map(read).transpose()
}
