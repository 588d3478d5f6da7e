//! Giving a user a permission.

use uuid::Uuid;

use super::{Auth, Error, User, store};
use crate::access::Permission;
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Gives a user a permission, besides those that come with the user's roles; nothing happens when it was given before. It
/// counts at once.
#[derive(Debug, Clone, Copy)]
pub struct GrantPermission {
    /// Whom.
    pub user_id: Uuid,
    /// Which permission.
    pub permission: Permission,
    /// The version that the caller saw, if it is to be that one. Logins count as well.
    pub expected_version: Option<i64>,
}

impl Command for GrantPermission {
    type Service = Auth;
    type Answer = User;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<User, Error> {
        let user = store::load(transaction, self.user_id)?;
        if self.expected_version.is_some_and(|expected| expected != user.version) {
            return Err(Error::VersionStale { current: user.version });
        }
        match user.grant(self.permission, context.origin.actor_id()) {
            Some(event) => store::change(transaction, context, user, event),
            None => Ok(user),
        }
    }
}
