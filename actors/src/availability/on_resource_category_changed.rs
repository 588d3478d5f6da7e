//! A resource was sorted into another category: its profile follows.

use amqp::Envelope;
use amqp::events::ResourceCategoryChanged;

use super::{Availability, profile};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ResourceCategoryChanged> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ResourceCategoryChanged,
    ) -> Result<(), HandlingError> {
        profile::update(transaction, event.resource_id, envelope.version, |profile| {
            profile.category_id = event.new_category_id;
        })?;
        Ok(())
    }
}
