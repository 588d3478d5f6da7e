//! A resource was created: it can be reserved from now on.

use amqp::Envelope;
use amqp::events::{AvailabilityRules, ResourceCreated, ResourceStatus};
use serde_json::Value;

use super::Availability;
use super::profile::{self, Profile};
use crate::database::{self, Transaction};
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ResourceCreated> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ResourceCreated,
    ) -> Result<(), HandlingError> {
        database::lock(transaction, &[event.resource_id])?;
        if profile::find(transaction.connection(), event.resource_id)?.is_some() {
            return Ok(());
        }
        let profile = Profile {
            resource_id: event.resource_id,
            version: envelope.version,
            code: event.code,
            name: event.name,
            resource_type: event.resource_type,
            capacity: event.capacity,
            category_id: event.category_id,
            building: event.location.map(|location| location.building),
            features: event.attributes.unwrap_or_default().into_iter().collect::<Value>(),
            status: event.status.unwrap_or(ResourceStatus::Available),
            rules: AvailabilityRules::default(),
            opening: event.default_schedule.unwrap_or_default(),
            deleted: false,
        };
        Ok(profile::insert(transaction, &profile)?)
    }
}
