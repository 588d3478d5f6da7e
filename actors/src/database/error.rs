//! Why storage could not do what it was asked.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of storage.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or refused the connection. Worth trying again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A constraint refused the statement; services map its name to their own refusal next to the query.
    #[error("constraint {name} refused the change")]
    Constraint {
        /// The constraint's name as the migrations give it.
        name: String,
    },
    /// A row that was to be there is not.
    #[error("no such row")]
    NotFound,
    /// The statement failed for any other reason.
    #[error("query failed: {0}")]
    Query(String),
    /// What is stored cannot be read back: a bug or a damaged database.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The work panicked; its transaction was rolled back.
    #[error("the database work panicked: {0}")]
    Panicked(String),
    /// The schema could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(String),
}

impl Error {
    /// The violated constraint's name, when that is what failed.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name } => Some(name),
            _ => None,
        }
    }

    /// Whether the same work may succeed when tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand => Self::Unavailable(info.message().to_owned()),
                _ => match constraint_name(info.constraint_name(), info.message()) {
                    Some(name) => Self::Constraint { name },
                    None if is_passing(info.message()) => Self::Unavailable(info.message().to_owned()),
                    None => Self::Query(info.message().to_owned()),
                },
            },
            DieselError::DeserializationError(why) => Self::Damaged(why.to_string()),
            _ => Self::Query(error.to_string()),
        }
    }
}

/// PostgreSQL names the constraint. SQLite names the columns of a unique index (`UNIQUE constraint failed: t.a, t.b`,
/// which PostgreSQL would call `t_a_b_key`), the check, or the word with which a trigger raised.
fn constraint_name(named: Option<&str>, message: &str) -> Option<String> {
    if let Some(name) = named {
        return Some(name.to_owned());
    }
    if let Some(columns) = message.strip_prefix("UNIQUE constraint failed: ") {
        let table = columns.split('.').next().unwrap_or_default();
        let names: Vec<&str> = columns.split(", ").filter_map(|column| column.split('.').nth(1)).collect();
        return Some(format!("{table}_{}_key", names.join("_")));
    }
    if let Some(check) = message.strip_prefix("CHECK constraint failed: ") {
        return Some(check.to_owned());
    }
    message.strip_prefix("constraint: ").map(str::to_owned)
}

/// Messages of PostgreSQL that pass by themselves: a server that stops or starts, a deadlock's victim, a lock time-out.
fn is_passing(message: &str) -> bool {
    const PASSING: [&str; 8] = [
        "terminating connection",
        "server closed the connection",
        "the database system is",
        "deadlock detected",
        "lock timeout",
        "statement timeout",
        "database is locked",
        "no connection to the server",
    ];
    PASSING.iter().any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_messages_give_the_names_that_postgresql_gives() {
        let name = |message| constraint_name(None, message);
        assert_eq!(name("UNIQUE constraint failed: resources.code"), Some("resources_code_key".into()));
        assert_eq!(name("UNIQUE constraint failed: events.a, events.b"), Some("events_a_b_key".into()));
        assert_eq!(name("CHECK constraint failed: occupancy_order"), Some("occupancy_order".into()));
        assert_eq!(name("constraint: occupancy_no_overlap"), Some("occupancy_no_overlap".into()));
        assert_eq!(name("no such table: x"), None);
        assert_eq!(constraint_name(Some("resources_code_key"), "anything"), Some("resources_code_key".into()));
    }

    #[test]
    fn passing_troubles_are_told_from_lasting_ones() {
        assert!(is_passing("terminating connection due to administrator command"));
        assert!(!is_passing("column \"x\" does not exist"));
    }
}
