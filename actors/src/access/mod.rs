//! Who asks, and what they may do.

mod permission;
mod role;

use std::collections::BTreeSet;

use uuid::Uuid;

pub use permission::Permission;
pub use role::Role;

/// Who asks, in which request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user; `None` for the operator at the machine itself.
    pub user_id: Option<Uuid>,
    /// The user's roles.
    pub roles: BTreeSet<Role>,
    /// What the user may do: what comes with the roles, and what those roles and the user were given besides.
    pub permissions: BTreeSet<Permission>,
    /// The login session that the request's token belongs to; `None` without a token.
    pub session_id: Option<Uuid>,
    /// Shared by everything that the request sets off.
    pub correlation_id: Uuid,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
}

impl Caller {
    /// The operator at the machine itself, who may do everything.
    pub fn operator(correlation_id: Uuid) -> Self {
        Self {
            roles: BTreeSet::from([Role::GeneralAdmin]),
            permissions: BTreeSet::from(Permission::ALL),
            ..Self::anonymous(correlation_id, None)
        }
    }

    /// Somebody who has not logged in, and may only try to.
    pub fn anonymous(correlation_id: Uuid, traceparent: Option<String>) -> Self {
        Self {
            user_id: None,
            roles: BTreeSet::new(),
            permissions: BTreeSet::new(),
            session_id: None,
            correlation_id,
            traceparent,
        }
    }

    /// The same with these roles, and no permissions but those that come with them.
    pub fn in_roles(self, roles: BTreeSet<Role>) -> Self {
        let permissions = roles.iter().flat_map(|role| role.permissions()).copied().collect();
        Self { roles, permissions, ..self }
    }

    /// The caller's id as rows and events carry it: the nil UUID stands for the operator.
    pub fn id(&self) -> Uuid {
        self.user_id.unwrap_or(Uuid::nil())
    }

    /// Whether the caller holds `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether any of the caller's roles is a staff role.
    pub fn is_staff(&self) -> bool {
        self.roles.iter().any(|role| role.is_staff())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(roles: &[Role]) -> Caller {
        Caller::operator(Uuid::nil()).in_roles(roles.iter().copied().collect())
    }

    #[test]
    fn permissions_of_several_roles_add_up() {
        let both = caller(&[Role::Student, Role::Security]);
        assert!(both.may(Permission::ReservationsWrite) && both.may(Permission::ReservationsReadAll));
        assert!(!both.may(Permission::ResourcesWrite));
        assert!(!caller(&[]).may(Permission::ResourcesRead));
    }

    #[test]
    fn what_was_given_besides_the_roles_counts() {
        let mut caller = caller(&[Role::Student]);
        assert!(!caller.may(Permission::ReportsRead));
        caller.permissions.insert(Permission::ReportsRead);
        assert!(caller.may(Permission::ReportsRead));
    }

    #[test]
    fn the_operator_may_do_everything_and_a_stranger_nothing() {
        let (operator, stranger) = (Caller::operator(Uuid::nil()), Caller::anonymous(Uuid::nil(), None));
        assert!(Permission::ALL.into_iter().all(|permission| operator.may(permission) && !stranger.may(permission)));
    }
}
