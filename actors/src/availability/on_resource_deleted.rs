//! A resource was deleted: nothing can be reserved on it any more, and what was is called off.

use amqp::Envelope;
use amqp::events::{ResourceDeleted, ResourceStatus};
use chrono::TimeDelta;

use super::cancel_series::cancel_all;
use super::error::Error;
use super::{Availability, profile, store};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ResourceDeleted> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        origin: &Origin,
        envelope: &Envelope,
        event: ResourceDeleted,
    ) -> Result<(), HandlingError> {
        let updated = profile::update(transaction, event.resource_id, envelope.version, |profile| {
            profile.status = ResourceStatus::Unavailable;
            profile.deleted = true;
        })?;
        if updated.is_none() {
            return Ok(());
        }
        let mut future = store::live_after(transaction, event.resource_id, origin.now)?;
        future.retain(|reservation| reservation.slot.starts_at > origin.now);
        let cancelled = cancel_all(transaction, origin, future, TimeDelta::zero(), Some("the resource was deleted"));
        match cancelled {
            Ok(count) => {
                let (id, event_id) = (event.resource_id, envelope.event_id);
                log::info!("event {event_id}: resource {id} is deleted, {count} reservations are cancelled");
                Ok(())
            }
            Err(Error::Storage(error)) => Err(error.into()),
            Err(error) => Err(HandlingError::Refused(error.to_string())),
        }
    }
}
