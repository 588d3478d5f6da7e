//! One connection type over both engines.

use diesel::{PgConnection, SqliteConnection};

/// A connection to whichever engine the configuration names.
#[derive(diesel::MultiConnection)]
pub enum DatabaseConnection {
    /// PostgreSQL, version 13 or later.
    Postgres(PgConnection),
    /// SQLite, a file in the data directory.
    Sqlite(SqliteConnection),
}
