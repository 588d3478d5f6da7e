//! A resource was edited: its profile follows.

use amqp::Envelope;
use amqp::events::{Location, ResourceUpdated};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Availability;
use super::profile::{self, Profile};
use crate::database::Transaction;
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ResourceUpdated> for Availability {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ResourceUpdated,
    ) -> Result<(), HandlingError> {
        let mut unreadable = None;
        profile::update(transaction, event.resource_id, envelope.version, |profile| {
            for (field, value) in event.changes {
                if let Err(error) = set(profile, &field, value) {
                    unreadable = Some(format!("{field}: {error}"));
                }
            }
        })?;
        unreadable.map_or(Ok(()), |reason| Err(HandlingError::Unreadable(reason)))
    }
}

fn set(profile: &mut Profile, field: &str, value: Value) -> Result<(), serde_json::Error> {
    fn read<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
        serde_json::from_value(value)
    }
    match field {
        "code" => profile.code = read(value)?,
        "name" => profile.name = read(value)?,
        "type" => profile.resource_type = read(value)?,
        "capacity" => profile.capacity = read(value)?,
        "location" => profile.building = read::<Option<Location>>(value)?.map(|location| location.building),
        "attributes" => profile.features = value,
        // What a reservation does not depend on.
        _ => {}
    }
    Ok(())
}
