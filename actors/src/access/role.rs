//! Roles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Permission;

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

    /// The role with this identifier.
    pub fn with_id(id: Uuid) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// Whether the role's holders are students only, to whom the weekly limit applies.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Student)
    }

    /// What the role's holders may do in every installation. An administrator may give a role more.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_general_administrator_may_do_everything() {
        for role in Role::ALL {
            let all = Permission::ALL.iter().all(|permission| role.permissions().contains(permission));
            assert_eq!(all, role == Role::GeneralAdmin, "{role}");
        }
    }

    #[test]
    fn names_and_identifiers_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.name().to_lowercase().parse(), Ok(role));
            assert_eq!(Role::with_id(role.id()), Some(role));
        }
        assert!("DEAN".parse::<Role>().unwrap_err().contains("GENERAL_ADMIN"));
        assert_eq!(Role::with_id(Uuid::nil()), None);
    }
}
