//! What happens to users, sessions, roles and permissions.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Event, event, example};
use crate::service::Service;

/// A user account exists: somebody registered, or an administrator added a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The new user.
    pub user_id: Uuid,
    /// The address the user logs in with, in lower case.
    #[schemars(email)]
    pub email: String,
    /// The name to show.
    pub name: String,
    /// Names of the roles the user starts with, for example `STUDENT`.
    pub roles: Vec<String>,
}

event!(UserRegistered = "user.registered", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    name: "Example Student".to_owned(),
    roles: vec!["STUDENT".to_owned()],
});

/// A login completed. With two-factor authentication that is after the second factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserLoggedIn {
    /// The user who logged in.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
    /// The client's IP address, version 4 or 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The client's `User-Agent` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

event!(UserLoggedIn = "user.logged_in", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    ip: Some("192.0.2.10".to_owned()),
    user_agent: Some("Mozilla/5.0".to_owned()),
});

/// A session ended: the user logged out, or the session was revoked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserLoggedOut {
    /// The user whose session ended.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
    /// The session. An addition to the original payload; without it, each session of the user may be the one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
}

event!(UserLoggedOut = "user.logged_out", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    session_id: Some(example::SESSION),
});

/// A password was changed or reset. All other sessions of the user have ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChanged {
    /// The user whose password it is.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
    /// Who changed it: the user, or an administrator.
    pub changed_by: Uuid,
}

event!(PasswordChanged = "password.changed", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    changed_by: example::USER,
});

/// A user asked to reset a forgotten password. The reset token is never part of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordResetRequested {
    /// The user who asked.
    pub user_id: Uuid,
    /// The address the token is sent to.
    #[schemars(email)]
    pub email: String,
    /// When the token stops working.
    pub expires_at: DateTime<Utc>,
}

event!(PasswordResetRequested = "password.reset.requested", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    expires_at: example::at("15:00"),
});

/// A user was given a role. Cached permissions of that user are out of date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssigned {
    /// The user who was given the role.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
    /// The role.
    pub role_id: Uuid,
    /// The role's name, for example `PROGRAM_ADMIN`.
    pub role_name: String,
    /// Who gave it; the nil UUID when it was not a person.
    pub assigned_by: Uuid,
}

event!(RoleAssigned = "role.assigned", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    role_id: example::ROLE,
    role_name: "PROGRAM_ADMIN".to_owned(),
    assigned_by: example::STAFF,
});

/// What a permission was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PermissionTarget {
    /// One user.
    User,
    /// A role, and so everybody who has it.
    Role,
}

/// A user or a role was given a permission. Cached permissions of the user, or of all who have the role, are out of
/// date. The aggregate is the user or the role, as `targetType` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionGranted {
    /// The user or role that was given the permission.
    pub target_id: Uuid,
    /// Which of the two it is.
    pub target_type: PermissionTarget,
    /// The permission.
    pub permission_id: Uuid,
    /// The permission's name, for example `resources:write`.
    pub permission_name: String,
    /// Who gave it; the nil UUID when it was not a person.
    pub granted_by: Uuid,
}

impl Event for PermissionGranted {
    const TYPE: &'static str = "permission.granted";
    const AGGREGATE: &'static str = "User";
    const PRODUCER: Service = Service::Auth;

    fn example() -> Self {
        Self {
            target_id: example::ROLE,
            target_type: PermissionTarget::Role,
            permission_id: example::PERMISSION,
            permission_name: "resources:write".to_owned(),
            granted_by: example::STAFF,
        }
    }

    fn aggregate_id(&self) -> Uuid {
        self.target_id
    }

    fn aggregate_type(&self) -> &'static str {
        match self.target_type {
            PermissionTarget::User => "User",
            PermissionTarget::Role => "Role",
        }
    }
}

/// Two-factor authentication was switched on and confirmed with a first code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TwoFactorEnabled {
    /// The user who switched it on.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
}

event!(TwoFactorEnabled = "two_factor.enabled", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
});

/// Two-factor authentication was switched off, with the password and a code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TwoFactorDisabled {
    /// The user who switched it off.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
}

event!(TwoFactorDisabled = "two_factor.disabled", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
});

/// Why a second factor was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TwoFactorFailure {
    /// The code was wrong, or its time had passed.
    InvalidCode,
    /// The login waited too long for its code and must start again.
    ExpiredToken,
    /// The backup code was wrong or already used.
    InvalidBackupCode,
}

/// A second factor was refused. Repeated failures lock the account for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TwoFactorVerificationFailed {
    /// The user who tried to log in.
    pub user_id: Uuid,
    /// That user's address.
    #[schemars(email)]
    pub email: String,
    /// Why the code was refused.
    pub reason: TwoFactorFailure,
    /// The client's IP address, version 4 or 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

event!(TwoFactorVerificationFailed = "two_factor.verification.failed", User by user_id, Auth, {
    user_id: example::USER,
    email: example::email(),
    reason: TwoFactorFailure::InvalidCode,
    ip: Some("192.0.2.10".to_owned()),
});
