//! Editing a resource's description.

use uuid::Uuid;

use super::create::change;
use super::model::ResourceChanges;
use super::{Error, Resource, Resources, store};
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Changes what is said of a resource.
#[derive(Debug, Clone)]
pub struct EditResource {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// What changes.
    pub changes: ResourceChanges,
}

impl Command for EditResource {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        let resource = store::load(transaction, self.id, self.expected_version)?;
        match resource.edit(&self.changes, context.origin.actor_id()).map_err(Error::Invalid)? {
            Some(event) => change(transaction, context, resource, event),
            None => Ok(resource),
        }
    }
}
