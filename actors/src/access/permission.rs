//! Permissions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! permissions {
    ($($(#[$doc:meta])+ $Name:ident = $name:literal,)+) => {
        /// Leave to do one kind of thing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Permission {
            $($(#[$doc])+ #[serde(rename = $name)] $Name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$Name),+];

            /// The name on the wire: `resources:write`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Name => $name,)+
                }
            }
        }
    };
}

permissions! {
    /// See resources, categories and free time.
    ResourcesRead = "resources:read",
    /// Create, edit, close and delete resources and categories.
    ResourcesWrite = "resources:write",
    /// Reserve for oneself, and see, move and cancel one's own reservations.
    ReservationsWrite = "reservations:write",
    /// See everybody's reservations.
    ReservationsReadAll = "reservations:read-all",
    /// Reserve for others, and move and cancel their reservations.
    ReservationsManage = "reservations:manage",
    /// Reserve in series.
    SeriesWrite = "series:write",
    /// Import timetables.
    TimetablesImport = "timetables:import",
    /// See reports.
    ReportsRead = "reports:read",
    /// See users and what roles may do.
    UsersRead = "users:read",
    /// Add users, and give roles and permissions.
    UsersWrite = "users:write",
    /// Read the event store.
    EventsRead = "events:read",
    /// See and restart the parts of the system.
    Operate = "operate",
}

impl Permission {
    /// The identifier that events carry: derived from the name, so it is the same in every installation.
    pub fn id(self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("bookly/permission/{}", self.name()).as_bytes())
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|permission| permission.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no permission \"{text}\"; use one of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_json() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(permission));
            let json = serde_json::to_value(permission).expect("a text");
            assert_eq!(json, permission.name());
            assert_eq!(serde_json::from_value::<Permission>(json).expect("a permission"), permission);
        }
        let error = "resources:paint".parse::<Permission>().unwrap_err();
        assert!(Permission::ALL.iter().all(|permission| error.contains(permission.name())), "{error}");
    }
}
