//! What a user may do now.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::roles::{self, RoleGrants};
use super::{Auth, Error, User, store};
use crate::access::{Permission, Role};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// What a user may do: what comes with the roles, what those roles were given, and what the user was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Whether the account is switched on; otherwise nothing may be done.
    pub active: bool,
    /// The user's roles.
    pub roles: BTreeSet<Role>,
    /// All permissions.
    pub permissions: BTreeSet<Permission>,
}

impl Rights {
    /// What follows for a user from what roles were given.
    pub fn of(user: User, grants: &[RoleGrants]) -> Self {
        let User { active, roles, mut permissions, .. } = user;
        permissions.extend(roles.iter().flat_map(|role| role.permissions()));
        permissions.extend(grants.iter().filter(|one| roles.contains(&one.role)).flat_map(|one| &one.permissions));
        Self { active, roles, permissions }
    }
}

/// The rights of the user with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetPermissions(pub Uuid);

impl Query for GetPermissions {
    type Service = Auth;
    type Answer = Rights;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Rights, Error> {
        let user = store::find(connection, self.0)?;
        Ok(Rights::of(user, &roles::store::all(connection)?))
    }
}
