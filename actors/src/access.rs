//! Who asks, and what they may do.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A person's function at the university.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Reserves for themselves, within the weekly limit.
    Student,
    /// Reserves for themselves, also in series.
    Teacher,
    /// Plans a program's timetable: reserves for others, imports timetables.
    ProgramAdmin,
    /// May do everything.
    GeneralAdmin,
    /// Watches over the rooms: sees every reservation.
    Security,
    /// Keeps the resources and their reservations in order.
    AdministrativeStaff,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Student,
        Self::Teacher,
        Self::ProgramAdmin,
        Self::GeneralAdmin,
        Self::Security,
        Self::AdministrativeStaff,
    ];

    /// The name on the wire: `PROGRAM_ADMIN`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Student => "STUDENT",
            Self::Teacher => "TEACHER",
            Self::ProgramAdmin => "PROGRAM_ADMIN",
            Self::GeneralAdmin => "GENERAL_ADMIN",
            Self::Security => "SECURITY",
            Self::AdministrativeStaff => "ADMINISTRATIVE_STAFF",
        }
    }

    /// The identifier that events carry: derived from the name, so it is the same in every installation.
    pub fn id(self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("bookly/role/{}", self.name()).as_bytes())
    }

    /// Whether the role's holders are students only, to whom the weekly limit applies.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Student)
    }

    /// What the role's holders may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Student => &[P::ResourcesRead, P::ReservationsWrite],
            Self::Teacher => &[P::ResourcesRead, P::ReservationsWrite, P::SeriesWrite],
            Self::Security => &[P::ResourcesRead, P::ReservationsReadAll],
            Self::AdministrativeStaff => &[
                P::ResourcesRead,
                P::ResourcesWrite,
                P::ReservationsWrite,
                P::ReservationsReadAll,
                P::ReservationsManage,
                P::SeriesWrite,
                P::ReportsRead,
            ],
            Self::ProgramAdmin => &[
                P::ResourcesRead,
                P::ResourcesWrite,
                P::ReservationsWrite,
                P::ReservationsReadAll,
                P::ReservationsManage,
                P::SeriesWrite,
                P::TimetablesImport,
                P::ReportsRead,
                P::UsersRead,
            ],
            Self::GeneralAdmin => &Permission::ALL,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no role \"{text}\"; use one of {names}")
        })
    }
}

/// Leave to do one kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See resources, categories and free time.
    ResourcesRead,
    /// Create, edit, close and delete resources and categories.
    ResourcesWrite,
    /// Reserve for oneself, and see, move and cancel one's own reservations.
    ReservationsWrite,
    /// See everybody's reservations.
    ReservationsReadAll,
    /// Reserve for others, and move and cancel their reservations.
    ReservationsManage,
    /// Reserve in series.
    SeriesWrite,
    /// Import timetables.
    TimetablesImport,
    /// See reports.
    ReportsRead,
    /// See users.
    UsersRead,
    /// Add users and give them roles.
    UsersWrite,
    /// Read the event store.
    EventsRead,
    /// See and restart the parts of the system.
    Operate,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 12] = [
        Self::ResourcesRead,
        Self::ResourcesWrite,
        Self::ReservationsWrite,
        Self::ReservationsReadAll,
        Self::ReservationsManage,
        Self::SeriesWrite,
        Self::TimetablesImport,
        Self::ReportsRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::EventsRead,
        Self::Operate,
    ];

    /// The name on the wire: `resources:write`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResourcesRead => "resources:read",
            Self::ResourcesWrite => "resources:write",
            Self::ReservationsWrite => "reservations:write",
            Self::ReservationsReadAll => "reservations:read-all",
            Self::ReservationsManage => "reservations:manage",
            Self::SeriesWrite => "series:write",
            Self::TimetablesImport => "timetables:import",
            Self::ReportsRead => "reports:read",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::EventsRead => "events:read",
            Self::Operate => "operate",
        }
    }
}

/// Who asks, in which request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user; `None` for the operator at the machine itself.
    pub user_id: Option<Uuid>,
    /// The user's roles.
    pub roles: BTreeSet<Role>,
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
        Self { roles: BTreeSet::from([Role::GeneralAdmin]), ..Self::anonymous(correlation_id, None) }
    }

    /// Somebody who has not logged in, and may only try to.
    pub fn anonymous(correlation_id: Uuid, traceparent: Option<String>) -> Self {
        Self { user_id: None, roles: BTreeSet::new(), session_id: None, correlation_id, traceparent }
    }

    /// The caller's id as rows and events carry it: the nil UUID stands for the operator.
    pub fn id(&self) -> Uuid {
        self.user_id.unwrap_or(Uuid::nil())
    }

    /// Whether one of the caller's roles gives `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| role.permissions().contains(&permission))
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
        Caller { roles: roles.iter().copied().collect(), ..Caller::operator(Uuid::nil()) }
    }

    #[test]
    fn only_the_general_administrator_may_do_everything() {
        for role in Role::ALL {
            let all = Permission::ALL.iter().all(|permission| caller(&[role]).may(*permission));
            assert_eq!(all, role == Role::GeneralAdmin, "{role}");
        }
    }

    #[test]
    fn permissions_of_several_roles_add_up() {
        let both = caller(&[Role::Student, Role::Security]);
        assert!(both.may(Permission::ReservationsWrite) && both.may(Permission::ReservationsReadAll));
        assert!(!caller(&[]).may(Permission::ResourcesRead));
    }

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.name().to_lowercase().parse(), Ok(role));
        }
        assert!("DEAN".parse::<Role>().unwrap_err().contains("GENERAL_ADMIN"));
    }
}
