//! A resource was closed or opened: its profile follows, and reservations that a closure overlaps are flagged.

use amqp::Envelope;
use amqp::events::{ResourceStatusChanged, ScheduleConflictDetected, TimeSlot};

use super::decision::Decision;
use super::model::Reservation;
use super::{Availability, profile, store};
use crate::database::Transaction;
use crate::event_store::{Origin, aggregate_events, append_one};
use crate::wiring::{HandlingError, Reacts};

aggregate_events! {
    /// What can happen to a conflict: it is found.
    pub(super) enum ConflictEvent {
        /// It was found.
        Detected(ScheduleConflictDetected),
    }
}

impl Reacts<ResourceStatusChanged> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        origin: &Origin,
        envelope: &Envelope,
        event: ResourceStatusChanged,
    ) -> Result<(), HandlingError> {
        let status = event.new_status;
        let updated =
            profile::update(transaction, event.resource_id, envelope.version, |profile| profile.status = status)?;
        let decision = Decision::on_status(envelope, &event);
        if updated.is_none() {
            decision.log("the profile shows a later change already");
            return Ok(());
        }
        if !status.is_closed() {
            decision.log("it takes reservations");
            return Ok(());
        }
        let overlapped = store::live_after(transaction, event.resource_id, origin.now)?;
        if let Some(conflict) = conflict(&event, &overlapped, origin) {
            append_one(transaction, origin, 1, ConflictEvent::from(conflict))?;
        }
        decision.log(format_args!("it takes no reservations; live ones that overlap: {}", overlapped.len()));
        Ok(())
    }
}

fn conflict(
    event: &ResourceStatusChanged,
    overlapped: &[Reservation],
    origin: &Origin,
) -> Option<ScheduleConflictDetected> {
    let last_end = overlapped.iter().map(|reservation| reservation.slot.ends_at).max()?;
    let status = profile::word(&event.new_status);
    let reason = match &event.reason {
        Some(reason) => format!("the resource is closed ({status}): {reason}"),
        None => format!("the resource is closed ({status})"),
    };
    Some(ScheduleConflictDetected {
        conflict_id: Some(origin.ids.next()),
        resource_id: event.resource_id,
        conflicting_reservations: overlapped.iter().map(|reservation| reservation.id).collect(),
        time_slot: TimeSlot { start_time: origin.now, end_time: last_end },
        detected_at: origin.now,
        reason,
    })
}
