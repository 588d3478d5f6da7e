//! A user: its state, what may be decided about it, and how events change it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use amqp::events::{PermissionGranted, PermissionTarget, RoleAssigned, UserLoggedIn, UserLoggedOut, UserRegistered};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::rules::{check_email, check_password, normal_email};
use crate::access::{Permission, Role};
use crate::event_store::{Aggregate, aggregate_events};
use crate::violation::{Violation, check_text};

/// How much of a client's `User-Agent` is kept, in characters.
const USER_AGENT_LENGTH: usize = 300;

/// Somebody with an account. The password's hash is not part of it: it must never enter an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its identifier.
    pub id: Uuid,
    /// The address the user logs in with, in lower case, unique.
    #[schemars(email)]
    pub email: String,
    /// The name to show.
    pub name: String,
    /// The user's functions at the university.
    pub roles: BTreeSet<Role>,
    /// What the user was given, besides the permissions that come with the roles.
    pub permissions: BTreeSet<Permission>,
    /// Whether the user may log in.
    pub active: bool,
    /// Grows by one with every event, logins included.
    pub version: i64,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the last event happened.
    pub updated_at: DateTime<Utc>,
}

aggregate_events! {
    /// What can happen to a user.
    pub enum UserEvent {
        /// The account was made.
        Registered(UserRegistered),
        /// A role was given.
        RoleAssigned(RoleAssigned),
        /// A permission was given.
        PermissionGranted(PermissionGranted),
        /// A login completed.
        LoggedIn(UserLoggedIn),
        /// A session ended.
        LoggedOut(UserLoggedOut),
    }
}

impl Aggregate for User {
    type Event = UserEvent;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &UserEvent) -> Result<Self, String> {
        let mut user = match (state, event) {
            (None, UserEvent::Registered(registered)) => {
                return Self::registered(registered, version, at);
            }
            (Some(user), _) => user,
            (None, _) => return Err("a user begins with the registration".to_owned()),
        };
        match event {
            UserEvent::Registered(_) => return Err("a user is registered once".to_owned()),
            UserEvent::RoleAssigned(assigned) => {
                user.roles.insert(assigned.role_name.parse()?);
            }
            UserEvent::PermissionGranted(granted) => {
                user.permissions.insert(granted.permission_name.parse()?);
            }
            UserEvent::LoggedIn(_) | UserEvent::LoggedOut(_) => {}
        }
        user.version = version;
        user.updated_at = at;
        Ok(user)
    }
}

/// The event that makes an account with this password. Everything that is wrong is named at once.
///
/// # Errors
/// The broken rules.
pub fn register(
    id: Uuid,
    email: &str,
    name: &str,
    password: &str,
    roles: &BTreeSet<Role>,
) -> Result<UserRegistered, Vec<Violation>> {
    let mut violations = Vec::new();
    let (email, name) = (normal_email(email), name.trim());
    check_email(&mut violations, &email);
    check_text(&mut violations, "name", name, 1..=200);
    check_password(&mut violations, password, &email, name);
    if !violations.is_empty() {
        return Err(violations);
    }
    let roles = roles.iter().map(|role| role.name().to_owned()).collect();
    Ok(UserRegistered { user_id: id, email, name: name.to_owned(), roles })
}

impl User {
    fn registered(event: &UserRegistered, version: i64, at: DateTime<Utc>) -> Result<Self, String> {
        Ok(Self {
            id: event.user_id,
            email: event.email.clone(),
            name: event.name.clone(),
            roles: event.roles.iter().map(|role| role.parse()).collect::<Result<_, _>>()?,
            permissions: BTreeSet::new(),
            active: true,
            version,
            created_at: at,
            updated_at: at,
        })
    }

    /// The event that gives the user a role; `None` when the user has it.
    pub fn assign_role(&self, role: Role, by: Uuid) -> Option<RoleAssigned> {
        (!self.roles.contains(&role)).then(|| RoleAssigned {
            user_id: self.id,
            email: self.email.clone(),
            role_id: role.id(),
            role_name: role.name().to_owned(),
            assigned_by: by,
        })
    }

    /// The event that gives the user a permission; `None` when it was given before. That a role brings it does not count: it
    /// is the user's own from now on.
    pub fn grant(&self, permission: Permission, by: Uuid) -> Option<PermissionGranted> {
        (!self.permissions.contains(&permission)).then(|| PermissionGranted {
            target_id: self.id,
            target_type: PermissionTarget::User,
            permission_id: permission.id(),
            permission_name: permission.name().to_owned(),
            granted_by: by,
        })
    }

    /// The event of a completed login.
    pub fn log_in(&self, ip: Option<IpAddr>, user_agent: Option<&str>) -> UserLoggedIn {
        UserLoggedIn {
            user_id: self.id,
            email: self.email.clone(),
            ip: ip.map(|ip| ip.to_string()),
            user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_LENGTH).collect()),
        }
    }

    /// The event of a session that ended.
    pub fn log_out(&self, session_id: Uuid) -> UserLoggedOut {
        UserLoggedOut { user_id: self.id, email: self.email.clone(), session_id: Some(session_id) }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
