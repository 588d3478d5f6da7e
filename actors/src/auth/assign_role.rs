//! Giving a user a role.

use uuid::Uuid;

use super::{Auth, Error, User, store};
use crate::access::Role;
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Gives a user a role; nothing happens when the user has it. It counts at once.
#[derive(Debug, Clone, Copy)]
pub struct AssignRole {
    /// Whom.
    pub user_id: Uuid,
    /// Which role.
    pub role: Role,
    /// The version that the caller saw, if it is to be that one. Logins count as well.
    pub expected_version: Option<i64>,
}

impl Command for AssignRole {
    type Service = Auth;
    type Answer = User;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<User, Error> {
        let user = store::load(transaction, self.user_id)?;
        if self.expected_version.is_some_and(|expected| expected != user.version) {
            return Err(Error::VersionStale { current: user.version });
        }
        match user.assign_role(self.role, context.origin.actor_id()) {
            Some(event) => store::change(transaction, context, user, event),
            None => Ok(user),
        }
    }
}
