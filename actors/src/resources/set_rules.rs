//! Setting what reservations of a resource must keep to.

use amqp::events::AvailabilityRules;
use uuid::Uuid;

use super::create::change;
use super::{Error, Resource, Resources, store};
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Gives a resource new rules, in place of all that it had.
#[derive(Debug, Clone)]
pub struct SetRules {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// The new rules.
    pub rules: AvailabilityRules,
}

impl Command for SetRules {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Resource, Error> {
        let resource = store::load(transaction, self.id, self.expected_version)?;
        match resource.set_rules(self.rules, None, context.origin.actor_id()).map_err(Error::Invalid)? {
            Some(event) => change(transaction, context, resource, event),
            None => Ok(resource),
        }
    }
}
