//! Opening and closing a resource.

use amqp::events::ResourceStatus;
use uuid::Uuid;

use super::create::change;
use super::{Error, Resource, Resources, store};
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Gives a resource another status.
#[derive(Debug, Clone)]
pub struct ChangeStatus {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// The new status.
    pub status: ResourceStatus,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

impl Command for ChangeStatus {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        Error::unless_empty(check_reason(self.reason.as_deref()))?;
        let resource = store::load(transaction, self.id, self.expected_version)?;
        match resource.change_status(self.status, self.reason, context.origin.actor_id()) {
            Some(event) => change(transaction, context, resource, event),
            None => Ok(resource),
        }
    }
}
