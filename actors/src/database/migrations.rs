//! The schema: migrations are part of the program and run at start, one process at a time.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Error, Location};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// The key of the session lock that keeps two starting processes from migrating at once: "bookly" in ASCII.
const MIGRATION_LOCK: i64 = 0x626f_6f6b_6c79;

/// Brings the schema up to date; returns the names of the migrations that were run.
pub fn migrate(location: &Location) -> Result<Vec<String>, Error> {
    match location {
        Location::Postgres(url) => {
            let mut connection = PgConnection::establish(url).map_err(|error| Error::Unavailable(error.to_string()))?;
            connection.batch_execute(&format!(
                "SET client_min_messages = warning; SELECT pg_advisory_lock({MIGRATION_LOCK})"
            ))?;
            // The lock goes with the connection, whichever way this function is left.
            run(&mut connection, POSTGRES)
        }
        Location::Sqlite(path) => {
            let lock = File::create(path.with_extension("migrating")).map_err(|error| io(&error))?;
            lock.lock().map_err(|error| io(&error))?;
            // SQLite makes its files as readable as the first one: for their owner alone.
            let mut private = File::options();
            private.create(true).append(true).mode(0o600).open(path).map_err(|error| io(&error))?;
            let mut connection = SqliteConnection::establish(&path.to_string_lossy())
                .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
            connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL")?;
            run(&mut connection, SQLITE)
        }
    }
}

/// Takes every migration back and runs them again: shows that each is reversible.
#[cfg(test)]
pub(super) fn there_and_back(location: &Location) -> Result<(), Error> {
    fn turn<C: MigrationHarness<DB>, DB: diesel::backend::Backend>(
        connection: &mut C,
        source: fn() -> EmbeddedMigrations,
    ) -> Result<(), Error> {
        connection.revert_all_migrations(source()).map_err(|error| Error::Migration(error.to_string()))?;
        run(connection, source()).map(drop)
    }
    match location {
        Location::Postgres(url) => turn(&mut PgConnection::establish(url).expect("connect"), || POSTGRES),
        Location::Sqlite(path) => {
            turn(&mut SqliteConnection::establish(&path.to_string_lossy()).expect("open"), || SQLITE)
        }
    }
}

fn run<C, DB>(connection: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>, Error>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
{
    let run = connection.run_pending_migrations(source).map_err(|error| Error::Migration(error.to_string()))?;
    Ok(run.into_iter().map(|version| version.to_string()).collect())
}

fn io(error: &std::io::Error) -> Error {
    Error::Unavailable(error.to_string())
}
