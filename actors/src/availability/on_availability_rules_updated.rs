//! A resource's rules changed: requests from now on keep to the new ones.

use amqp::Envelope;
use amqp::events::AvailabilityRulesUpdated;

use super::{Availability, profile};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<AvailabilityRulesUpdated> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: AvailabilityRulesUpdated,
    ) -> Result<(), HandlingError> {
        profile::update(transaction, event.resource_id, envelope.version, |profile| profile.rules = event.rules)?;
        Ok(())
    }
}
