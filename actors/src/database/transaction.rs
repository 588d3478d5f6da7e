//! What a command works with while its transaction is open.

use diesel::expression::functions::declare_sql_function;
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};
use uuid::Uuid;

use super::Error;
use super::connection::DatabaseConnection;
use crate::cache::Invalidation;

/// An open transaction.
pub struct Transaction<'a> {
    connection: &'a mut DatabaseConnection,
    appended: usize,
    /// The keys of the locks that it began with.
    held: Vec<i64>,
    /// Noted only if there is a cache.
    invalidation: Option<Invalidation>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(connection: &'a mut DatabaseConnection, is_cached: bool, held: Vec<i64>) -> Self {
        Self { connection, appended: 0, held, invalidation: is_cached.then(Invalidation::default) }
    }

    /// The connection to run statements on.
    pub fn connection(&mut self) -> &mut DatabaseConnection {
        self.connection
    }

    /// Notes that so many events were appended, so that the relay is woken after the commit.
    pub fn mark_appended(&mut self, count: usize) {
        self.appended += count;
    }

    /// What the cache has to forget after the commit; `None` when there is no cache.
    pub fn invalidation(&mut self) -> Option<&mut Invalidation> {
        self.invalidation.as_mut()
    }

    pub(super) fn appended(&self) -> usize {
        self.appended
    }

    pub(super) fn into_invalidation(self) -> Invalidation {
        self.invalidation.unwrap_or_default()
    }
}

/// Takes the locks on `ids` until the transaction ends, in one order for everybody so that no two can wait for each
/// other. On SQLite the write transaction itself is the lock.
///
/// # Errors
/// [`Error::Unavailable`] when a lock was not to be had in time.
pub fn lock(transaction: &mut Transaction<'_>, ids: &[Uuid]) -> Result<(), Error> {
    let mut keys = lock_keys(ids);
    keys.retain(|key| !transaction.held.contains(key));
    let DatabaseConnection::Postgres(connection) = transaction.connection() else {
        return Ok(());
    };
    for key in keys {
        diesel::select(pg_advisory_xact_lock(key)).execute(connection)?;
    }
    Ok(())
}

#[declare_sql_function]
extern "SQL" {
    /// Waits for the lock with this key, and holds it until the transaction ends. What it returns, `void`, is never read.
    /// Declared, and not written as SQL, because only then the statement stays prepared.
    fn pg_advisory_xact_lock(key: BigInt) -> Text;
}

/// The keys of the locks on `ids`, in the order in which everybody takes them.
pub(super) fn lock_keys(ids: &[Uuid]) -> Vec<i64> {
    let mut keys: Vec<i64> = ids.iter().map(|id| lock_key(*id)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Both halves folded together: a version 7 identifier's first half is mostly time, its second mostly chance.
fn lock_key(id: Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    (high ^ low).cast_signed()
}

/// The number of rows that an insert wrote must be the number it was given.
pub(crate) fn all_inserted(expected: usize, written: QueryResult<usize>) -> Result<(), Error> {
    let written = written?;
    if written == expected {
        return Ok(());
    }
    Err(Error::Query(format!("{written} of {expected} rows were inserted")))
}

/// Runs one expression on whichever engine the transaction is on. Diesel's multi-connection cannot build multi-row
/// inserts, `ON CONFLICT` or `= ANY`: what needs them is written once and compiled for each engine.
macro_rules! each_engine {
    ($connection:expr, $inner:ident => $body:expr) => {
        match $connection {
            $crate::database::DatabaseConnection::Postgres($inner) => $body,
            $crate::database::DatabaseConnection::Sqlite($inner) => $body,
        }
    };
}
pub(crate) use each_engine;

/// Inserts many rows with as few statements as the engine allows. On SQLite the rows must be declared with
/// `treat_none_as_default_value = false`: Diesel else inserts one by one, in a transaction of its own inside ours.
macro_rules! insert_rows {
    ($transaction:expr, $table:expr, $rows:expr) => {{
        // PostgreSQL takes at most 65,535 bound values a statement (its wire protocol counts them in 16 bits).
        const ROWS_A_STATEMENT: usize = 1_000;
        let rows: &[_] = $rows;
        rows.chunks(ROWS_A_STATEMENT).try_for_each(|chunk| {
            let written = $crate::database::each_engine!($transaction.connection(), connection => match chunk {
                // Of one row the statement stays prepared.
                [row] => diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), connection),
                rows => diesel::RunQueryDsl::execute(diesel::insert_into($table).values(rows), connection),
            });
            $crate::database::all_inserted(chunk.len(), written)
        })
    }};
}
pub(crate) use insert_rows;

/// Inserts very many rows in the fastest way that the engine has: COPY on PostgreSQL, one prepared statement again and
/// again on SQLite. Such rows must be declared with `treat_none_as_default_value = false`.
macro_rules! bulk_rows {
    ($transaction:expr, $table:expr, $rows:expr) => {{
        let rows: &[_] = $rows;
        let written = match $transaction.connection() {
            $crate::database::DatabaseConnection::Postgres(connection) => {
                diesel::ExecuteCopyFromDsl::execute(diesel::copy_from($table).from_insertable(rows), connection)
            }
            $crate::database::DatabaseConnection::Sqlite(connection) => rows.iter().try_fold(0, |written, row| {
                let inserted = diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), connection);
                inserted.map(|inserted| written + inserted)
            }),
        };
        $crate::database::all_inserted(rows.len(), written)
    }};
}
pub(crate) use bulk_rows;
