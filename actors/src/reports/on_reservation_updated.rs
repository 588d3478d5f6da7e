//! A reservation was moved: its registration follows.

use amqp::Envelope;
use amqp::events::{Fields, ReservationUpdated};
use chrono::{DateTime, Utc};

use super::{Reports, store};
use crate::database::Transaction;
use crate::database::sql_types::Instant;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ReservationUpdated> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ReservationUpdated,
    ) -> Result<(), HandlingError> {
        let Some(mut row) = store::find(transaction, event.reservation_id)? else {
            return Err(unregistered(envelope));
        };
        if row.version >= envelope.version {
            return Ok(());
        }
        if let Some(start) = instant(&event.changes, "startTime")? {
            row.starts_at = Instant(start);
        }
        if let Some(end) = instant(&event.changes, "endTime")? {
            row.ends_at = Instant(end);
        }
        row.version = envelope.version;
        Ok(store::save(transaction, row)?)
    }
}

/// The creation of the event's reservation has not arrived yet: the event comes again.
pub(super) fn unregistered(envelope: &Envelope) -> HandlingError {
    HandlingError::Refused(format!("the creation of reservation {} has not arrived yet", envelope.aggregate_id))
}

fn instant(changes: &Fields, field: &str) -> Result<Option<DateTime<Utc>>, HandlingError> {
    let read = |value: &serde_json::Value| {
        serde_json::from_value(value.clone()).map_err(|error| HandlingError::Unreadable(format!("{field}: {error}")))
    };
    changes.get(field).map(read).transpose()
}
