//! Giving a role a permission.

use super::{RoleRights, store};
use crate::access::{Permission, Role};
use crate::auth::{Auth, Error};
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Gives a role a permission; nothing happens when its holders have it. It counts at once for all of them.
#[derive(Debug, Clone, Copy)]
pub struct GrantRolePermission {
    /// To which role.
    pub role: Role,
    /// Which permission.
    pub permission: Permission,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
}

impl Command for GrantRolePermission {
    type Service = Auth;
    type Answer = RoleRights;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<RoleRights, Error> {
        let grants = store::load(transaction, self.role)?;
        let rights = RoleRights::of(self.role, grants.as_ref());
        if self.expected_version.is_some_and(|expected| expected != rights.version) {
            return Err(Error::VersionStale { current: rights.version });
        }
        let Some(event) = rights.grant(self.permission, context.origin.actor_id()) else { return Ok(rights) };
        let grants = store::change(transaction, context, grants, event.into())?;
        Ok(RoleRights::of(self.role, Some(&grants)))
    }
}
