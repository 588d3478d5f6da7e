//! A resource was deleted: nothing can be reserved on it any more, and what was is called off.

use amqp::Envelope;
use amqp::events::{ResourceDeleted, ResourceStatus};
use chrono::TimeDelta;

use super::cancel_series::cancel_all;
use super::decision::Decision;
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
        let decision = Decision::on_deletion(envelope, &event);
        if updated.is_none() {
            decision.log("the profile shows a later change already");
            return Ok(());
        }
        let mut future = store::live_after(transaction, event.resource_id, origin.now)?;
        future.retain(|reservation| reservation.slot.starts_at > origin.now);
        let cancelled = cancel_all(transaction, origin, future, TimeDelta::zero(), Some("the resource was deleted"));
        match cancelled {
            Ok(count) => {
                decision.log(format_args!("it takes no reservations; future ones that are cancelled: {count}"));
                Ok(())
            }
            Err(Error::Storage(error)) => Err(error.into()),
            Err(error) => Err(HandlingError::Refused(error.to_string())),
        }
    }
}
