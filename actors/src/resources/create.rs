//! Creating a resource.

use super::model::{self, NewResource};
use super::{Error, Resource, Resources, category, store};
use crate::database::Transaction;
use crate::event_store::{Aggregate, append_one};
use crate::resources::model::ResourceEvent;
use crate::service::{Command, Context};

/// Creates a resource.
#[derive(Debug, Clone)]
pub struct CreateResource(pub NewResource);

impl Command for CreateResource {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        let origin = &context.origin;
        if let Some(category_id) = self.0.category_id {
            category::find(transaction.connection(), category_id)?;
        }
        let created = model::create(origin.ids.next(), self.0, origin.actor_id()).map_err(Error::Invalid)?;
        let event = ResourceEvent::from(created);
        let resource = Resource::apply(None, 1, origin.now, &event).map_err(unfit)?;
        store::insert(transaction, &resource)?;
        append_one(transaction, origin, resource.version, event)?;
        Ok(resource)
    }
}

/// A decision that its own model cannot apply.
pub(super) fn unfit(reason: String) -> Error {
    Error::Storage(crate::database::Error::Damaged(reason))
}

/// Applies an event to a loaded resource, saves it and appends the event.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    context: &Context,
    resource: Resource,
    event: impl Into<ResourceEvent>,
) -> Result<Resource, Error> {
    let (version, event) = (resource.version + 1, event.into());
    let resource = Resource::apply(Some(resource), version, context.origin.now, &event).map_err(unfit)?;
    store::save(transaction, &resource)?;
    append_one(transaction, &context.origin, version, event)?;
    Ok(resource)
}
