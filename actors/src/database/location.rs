//! Where the data is, and how to open a connection to it.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use super::Error;
use super::connection::DatabaseConnection;

/// The engine that holds the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A PostgreSQL server, by its connection URL.
    Postgres(String),
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl std::fmt::Debug for Location {
    /// Never shows the URL, which may carry a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres(_) => f.write_str("PostgreSQL"),
            Self::Sqlite(path) => write!(f, "SQLite {}", path.display()),
        }
    }
}

impl Location {
    /// The engine of this place.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Opens a connection with the settings that the invariants rest on.
    pub(super) fn connect(&self, read_only: bool) -> Result<DatabaseConnection, Error> {
        match self {
            Self::Postgres(url) => {
                let mut connection =
                    PgConnection::establish(url).map_err(|error| Error::Unavailable(error.to_string()))?;
                // Compiling a query takes longer than any of ours, and a wrong guess of a table's size has it compiled.
                connection.batch_execute(
                    "SET client_min_messages = warning; SET timezone = 'UTC'; SET lock_timeout = '5s'; \
                     SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET jit = off",
                )?;
                Ok(DatabaseConnection::Postgres(connection))
            }
            Self::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
                // FULL: an answered request survives a power cut (https://sqlite.org/pragma.html#pragma_synchronous).
                connection.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA cache_size = -4000;",
                )?;
                if read_only {
                    connection.batch_execute("PRAGMA query_only = ON")?;
                }
                Ok(DatabaseConnection::Sqlite(connection))
            }
        }
    }
}
