//! A thread's connection, and how transactions on it end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};

use super::Error;
use super::connection::DatabaseConnection;

/// A connection that notes whether a statement has failed on it.
pub(super) struct Session {
    pub connection: DatabaseConnection,
    has_failed: Arc<AtomicBool>,
    planned_at: Instant,
    used_at: Instant,
}

/// A connection that was not used for so long is not used again: what stands between may have forgotten it without a word, and
/// who sends over it would wait for a quarter of an hour.
const IDLE_AT_MOST: Duration = Duration::from_secs(300);

/// How old the plans of prepared statements may become. PostgreSQL keeps one until the next ANALYZE of its tables, however
/// much they grow: what was planned for an empty one would read all of it, again and again.
const PLANS_LAST: Duration = Duration::from_secs(5);

impl Session {
    pub fn new(mut connection: DatabaseConnection) -> Self {
        let has_failed = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&has_failed);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { error: Some(_), .. } = event {
                noted.store(true, Ordering::Relaxed);
            }
        });
        Self { connection, has_failed, planned_at: Instant::now(), used_at: Instant::now() }
    }

    /// Whether it was used lately, or needs no network.
    pub fn is_fresh(&self) -> bool {
        self.used_at.elapsed() < IDLE_AT_MOST || matches!(self.connection, DatabaseConnection::Sqlite(_))
    }

    /// Begins a transaction.
    pub fn begin(&mut self, begin: &str) -> QueryResult<()> {
        self.used_at = Instant::now();
        let has_old_plans = self.planned_at.elapsed() >= PLANS_LAST;
        if !has_old_plans || matches!(self.connection, DatabaseConnection::Sqlite(_)) {
            return self.connection.batch_execute(begin);
        }
        // Within the transaction: it would else be one of its own.
        self.connection.batch_execute(&format!("{begin}; DISCARD PLANS"))?;
        self.planned_at = Instant::now();
        Ok(())
    }

    /// Whether a statement has failed in this transaction.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Commits what is to be kept.
    pub fn end(&mut self, keep: bool) -> Result<(), Error> {
        let has_failed = self.has_failed.swap(false, Ordering::Relaxed);
        if !keep {
            return self.connection.batch_execute("ROLLBACK").map_err(Error::from);
        }
        let commit = match self.connection {
            // After a failed statement PostgreSQL answers COMMIT with success and rolls back; the SELECT makes it an error.
            DatabaseConnection::Postgres(_) if has_failed => "SELECT 1; COMMIT",
            _ => "COMMIT",
        };
        self.connection.batch_execute(commit).map_err(|error| {
            self.roll_back();
            Error::from(error)
        })
    }

    /// Ends a transaction that is broken; `false` if that fails, so that the connection is of no use any more.
    pub fn roll_back(&mut self) -> bool {
        self.has_failed.store(false, Ordering::Relaxed);
        self.connection.batch_execute("ROLLBACK").is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::{self, Scratch};
    use super::super::{Engine, Location};
    use super::*;

    fn used(scratch: &Scratch, ago: Duration) -> Session {
        let mut session = Session::new(scratch.location().connect(false).expect("connected"));
        session.used_at = Instant::now().checked_sub(ago).expect("this machine has been up for longer");
        session
    }

    #[test]
    fn a_connection_to_a_server_that_was_idle_for_long_is_used_no_more() {
        scratch::run(Engine::Postgres, async |scratch| {
            assert!(used(&scratch, IDLE_AT_MOST / 2).is_fresh());
            let mut old = used(&scratch, IDLE_AT_MOST);
            assert!(!old.is_fresh());
            old.begin("BEGIN").expect("begun");
            assert!(old.is_fresh(), "it was used just now");
        });
    }

    #[test]
    fn a_file_is_never_too_old() {
        scratch::run(Engine::Sqlite, async |scratch| {
            assert!(matches!(scratch.location(), Location::Sqlite(_)));
            assert!(used(&scratch, IDLE_AT_MOST * 2).is_fresh());
        });
    }
}
