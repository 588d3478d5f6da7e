//! A resource was created: it can be reserved from now on.

use amqp::Envelope;
use amqp::events::ResourceCreated;

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
        Ok(profile::insert(transaction, &Profile::created(event, envelope.version))?)
    }
}
