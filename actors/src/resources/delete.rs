//! Deleting a resource.

use uuid::Uuid;

use super::create::change;
use super::{Error, Resource, Resources, store};
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Deletes a resource: it keeps its row and its history, and its code may be used again. Whether somebody has reserved it is
/// for whoever asks to find out: this service knows nothing of reservations, and the deletion cancels those to come.
#[derive(Debug, Clone)]
pub struct DeleteResource {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

impl Command for DeleteResource {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        Error::unless_empty(check_reason(self.reason.as_deref()))?;
        let resource = store::load(transaction, self.id, self.expected_version)?;
        let event = resource.delete(self.reason, context.origin.actor_id());
        change(transaction, context, resource, event)
    }
}
