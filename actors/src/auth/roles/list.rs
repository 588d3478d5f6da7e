//! Listing roles.

use super::{RoleRights, store};
use crate::access::Role;
use crate::auth::{Auth, Error};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// Every role, and what its holders may do.
#[derive(Debug, Clone, Copy)]
pub struct ListRoles;

impl Query for ListRoles {
    type Service = Auth;
    type Answer = Vec<RoleRights>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Vec<RoleRights>, Error> {
        let grants = store::all(connection)?;
        let given = |role| grants.iter().find(|grants| grants.role == role);
        Ok(Role::ALL.into_iter().map(|role| RoleRights::of(role, given(role))).collect())
    }
}
