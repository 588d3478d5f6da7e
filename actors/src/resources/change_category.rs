//! Sorting a resource into another category.

use uuid::Uuid;

use super::create::change;
use super::{Error, Resource, Resources, category, store};
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::check_reason;

/// Sorts a resource into another category, or into none.
#[derive(Debug, Clone)]
pub struct ChangeCategory {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// The new category; `None` for none.
    pub category_id: Option<Uuid>,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

impl Command for ChangeCategory {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        Error::unless_empty(check_reason(self.reason.as_deref()))?;
        if let Some(category_id) = self.category_id {
            category::find(transaction.connection(), category_id)?;
        }
        let resource = store::load(transaction, self.id, self.expected_version)?;
        match resource.change_category(self.category_id, self.reason, context.origin.actor_id()) {
            Some(event) => change(transaction, context, resource, event),
            None => Ok(resource),
        }
    }
}
