//! A role: what was given to it, and how events change that.

use std::collections::BTreeSet;

use amqp::events::{PermissionGranted, PermissionTarget};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{Permission, Role};
use crate::event_store::{Aggregate, aggregate_events};

/// What a role was given. A role has a history from the first permission that it is given on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrants {
    /// The role.
    pub role: Role,
    /// The permissions that it was given.
    pub permissions: BTreeSet<Permission>,
    /// Grows by one with every event.
    pub version: i64,
    /// When the last event happened.
    pub updated_at: DateTime<Utc>,
}

aggregate_events! {
    /// What can happen to a role.
    pub enum RoleEvent {
        /// A permission was given.
        PermissionGranted(PermissionGranted),
    }
}

impl Aggregate for RoleGrants {
    type Event = RoleEvent;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &RoleEvent) -> Result<Self, String> {
        let RoleEvent::PermissionGranted(granted) = event;
        let role = Role::with_id(granted.target_id).filter(|_| granted.target_type == PermissionTarget::Role);
        let role = role.ok_or_else(|| format!("{} is no role", granted.target_id))?;
        let mut permissions = match state {
            Some(grants) if grants.role == role => grants.permissions,
            Some(grants) => return Err(format!("it is about {role}, not {}", grants.role)),
            None => BTreeSet::new(),
        };
        permissions.insert(granted.permission_name.parse()?);
        Ok(Self { role, permissions, version, updated_at: at })
    }
}

/// A role, and what its holders may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleRights {
    /// Its identifier, the same in every installation.
    pub id: Uuid,
    /// Its name.
    pub name: Role,
    /// What its holders may do: what comes with the role, and what it was given.
    pub permissions: BTreeSet<Permission>,
    /// Grows by one with every permission that the role is given; 0 as long as there was none.
    pub version: i64,
}

impl RoleRights {
    /// What a role's holders may do when the role was given this.
    pub fn of(role: Role, grants: Option<&RoleGrants>) -> Self {
        let mut permissions: BTreeSet<_> = role.permissions().iter().copied().collect();
        permissions.extend(grants.iter().flat_map(|grants| &grants.permissions));
        Self { id: role.id(), name: role, permissions, version: grants.map_or(0, |grants| grants.version) }
    }

    /// The event that gives the role a permission; `None` when its holders have it.
    pub fn grant(&self, permission: Permission, by: Uuid) -> Option<PermissionGranted> {
        (!self.permissions.contains(&permission)).then(|| PermissionGranted {
            target_id: self.id,
            target_type: PermissionTarget::Role,
            permission_id: permission.id(),
            permission_name: permission.name().to_owned(),
            granted_by: by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_store::AggregateEvent;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
    }

    fn granted(role: Role, permission: Permission) -> PermissionGranted {
        RoleRights::of(role, None).grant(permission, Uuid::nil()).expect("new")
    }

    #[test]
    fn what_comes_with_a_role_or_was_given_to_it_is_not_given_again() {
        let student = RoleRights::of(Role::Student, None);
        assert_eq!((student.version, student.permissions.len()), (0, 2));
        assert_eq!(student.grant(Permission::ResourcesRead, Uuid::nil()), None);
        let event = granted(Role::Student, Permission::SeriesWrite);
        assert_eq!((event.target_id, event.permission_id), (Role::Student.id(), Permission::SeriesWrite.id()));
        let grants = RoleGrants::apply(None, 1, at(0), &event.into()).expect("applies");
        let student = RoleRights::of(Role::Student, Some(&grants));
        assert_eq!((student.version, student.permissions.len()), (1, 3));
        assert_eq!(student.grant(Permission::SeriesWrite, Uuid::nil()), None);
    }

    #[test]
    fn the_event_is_the_roles() {
        let event = RoleEvent::from(granted(Role::Teacher, Permission::ReportsRead));
        assert_eq!((event.aggregate_type(), event.aggregate_id()), ("Role", Role::Teacher.id()));
    }

    #[test]
    fn grants_add_up() {
        let apply = |state, version, permission| {
            RoleGrants::apply(state, version, at(version), &granted(Role::Security, permission).into())
        };
        let grants = apply(None, 1, Permission::ReportsRead).expect("applies");
        let grants = apply(Some(grants), 2, Permission::EventsRead).expect("applies");
        let expected = BTreeSet::from([Permission::ReportsRead, Permission::EventsRead]);
        assert_eq!((grants.permissions, grants.version, grants.updated_at), (expected, 2, at(2)));
    }

    #[test]
    fn what_does_not_fit_is_not_passed_over() {
        let event = granted(Role::Security, Permission::ReportsRead);
        let grants = RoleGrants::apply(None, 1, at(0), &event.clone().into()).expect("applies");
        let of_another = granted(Role::Teacher, Permission::ReportsRead);
        assert!(RoleGrants::apply(Some(grants), 2, at(0), &of_another.into()).is_err());
        for strange in [
            PermissionGranted { target_id: Uuid::nil(), ..event.clone() },
            PermissionGranted { target_type: PermissionTarget::User, ..event.clone() },
            PermissionGranted { permission_name: "resources:paint".to_owned(), ..event },
        ] {
            assert!(RoleGrants::apply(None, 1, at(0), &strange.into()).is_err());
        }
    }
}
