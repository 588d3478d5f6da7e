//! Where the data is, and how to open a connection to it.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};

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

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    it: bool,
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

    /// Whether nothing has been stored there: no file, or a database whose schema has no tables, ours or another program's.
    /// Looking changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be looked at.
    pub fn is_unused(&self) -> Result<bool, Error> {
        const TABLES: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p')
            AND relnamespace = current_schema()::regnamespace) AS it";
        match self {
            Self::Sqlite(path) => Ok(!path.exists()),
            Self::Postgres(_) => match self.connect(true)? {
                DatabaseConnection::Postgres(mut connection) => {
                    Ok(!diesel::sql_query(TABLES).get_result::<Answer>(&mut connection)?.it)
                }
                DatabaseConnection::Sqlite(_) => Ok(false),
            },
        }
    }

    /// Brings into SQLite's file what was last written beside it, so that the file alone is all there is. PostgreSQL's
    /// files are its own business.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn checkpoint(&self) -> Result<(), Error> {
        match self.engine() {
            Engine::Sqlite => Ok(self.connect(false)?.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?),
            Engine::Postgres => Ok(()),
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
