//! What each engine needs around the insertion of very many rows.

use diesel::connection::SimpleConnection;

use super::{DatabaseConnection, Error, Transaction};

/// Makes this transaction one of many that insert in bulk: on PostgreSQL its commit does not wait for the disk, on SQLite the writer keeps
/// more pages at hand until [`finish_bulk`].
///
/// # Errors
/// When a statement fails.
pub(crate) fn prepare_bulk(transaction: &mut Transaction<'_>) -> Result<(), Error> {
    let statement = match transaction.connection() {
        // A crash may take the last of these commits with it, each as a whole and none before one that is gone.
        DatabaseConnection::Postgres(_) => "SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = 0",
        // 128 MiB: the edges of all the indexes.
        DatabaseConnection::Sqlite(_) => "PRAGMA cache_size = -131072",
    };
    Ok(transaction.connection().batch_execute(statement)?)
}

/// Tells the engine's planner of what was inserted in bulk. The commit of this transaction waits for the disk, and with it for
/// every commit before it.
///
/// # Errors
/// When a statement fails.
pub(crate) fn finish_bulk(transaction: &mut Transaction<'_>) -> Result<(), Error> {
    let statement = match transaction.connection() {
        DatabaseConnection::Postgres(_) => "SET LOCAL statement_timeout = 0; ANALYZE",
        // What the connection has when it is opened. Estimates from a part of each index do: https://sqlite.org/lang_analyze.html
        DatabaseConnection::Sqlite(_) => {
            "PRAGMA analysis_limit = 1000; ANALYZE; PRAGMA analysis_limit = 0; PRAGMA cache_size = -4000"
        }
    };
    Ok(transaction.connection().batch_execute(statement)?)
}
