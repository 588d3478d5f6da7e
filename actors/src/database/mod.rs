//! Storage: one code path over PostgreSQL and SQLite, on a fixed pool of database threads.
//!
//! ```text
//! actor --write(work)--> queue --> thread: BEGIN; work; COMMIT --> wake the relay --> outdated keys forgotten --> answer
//! ```
//!
//! Work is a closure that never awaits, so a transaction is open only as long as its statements run. On SQLite one
//! thread writes, and commands that wait together share a commit; on PostgreSQL each thread runs one transaction at a
//! time. The answer to a write is given after the commit, never before; nobody waits for the end of a snapshot.

mod appended;
mod bulk;
mod connection;
mod error;
mod location;
mod migrations;
mod prepared;
mod queue;
mod session;
pub mod sql_types;
mod transaction;
mod worker;

#[cfg(test)]
pub(crate) mod scratch;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use uuid::Uuid;

pub use appended::Appended;
pub(crate) use bulk::{finish_bulk, prepare_bulk};
pub use connection::DatabaseConnection;
pub use error::Error;
pub use location::{Engine, Location};
pub use migrations::migrate;
pub(crate) use prepared::{Bind, Parameter, Prepared};
pub use queue::Plans;
use transaction::lock_keys;
pub use transaction::{Transaction, lock};
pub(crate) use transaction::{all_inserted, bulk_rows, each_engine, insert_rows};

use crate::cache::CacheClient;
use queue::{Answer, Ending, Job, Manner, Queue};
use worker::{Role, Worker};

/// Connections to PostgreSQL a process keeps.
const POSTGRES_THREADS: usize = 16;
/// SQLite connections that only read.
const SQLITE_READERS: usize = 4;

/// The database: cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Database(Arc<Pool>);

struct Pool {
    location: Location,
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    appended: Arc<Appended>,
    cache: Arc<OnceLock<CacheClient>>,
    threads: Vec<JoinHandle<()>>,
}

impl Database {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached, [`Error::Migration`] when the schema cannot be brought up.
    pub fn open(location: Location) -> Result<Self, Error> {
        for name in migrate(&location)? {
            log::info!("migration {name} applied");
        }
        let appended = Arc::new(Appended::default());
        let writes = Arc::new(Queue::default());
        let (reads, roles) = match location.engine() {
            Engine::Postgres => (Arc::clone(&writes), vec![Role::Postgres; POSTGRES_THREADS]),
            Engine::Sqlite => {
                let mut roles = vec![Role::SqliteReader; SQLITE_READERS];
                roles.push(Role::SqliteWriter);
                (Arc::new(Queue::default()), roles)
            }
        };
        let cache = Arc::new(OnceLock::new());
        let mut threads = Vec::with_capacity(roles.len());
        for (number, role) in roles.into_iter().enumerate() {
            let queue = Arc::clone(if role == Role::SqliteReader { &reads } else { &writes });
            let worker = Worker {
                role,
                location: location.clone(),
                queue,
                appended: Arc::clone(&appended),
                cache: Arc::clone(&cache),
                session: None,
            };
            threads.push(worker.spawn(format!("database-{number}"))?);
        }
        Ok(Self(Arc::new(Pool { location, writes, reads, appended, cache, threads })))
    }

    /// The engine behind this database.
    pub fn engine(&self) -> Engine {
        self.0.location.engine()
    }

    /// Told after each commit that appended events: what the relay waits for.
    pub fn appended(&self) -> Arc<Appended> {
        Arc::clone(&self.0.appended)
    }

    /// From now on `cache` forgets what each transaction outdates, after its commit and before its answer. It can be set
    /// once.
    pub fn invalidates(&self, cache: CacheClient) {
        let _ = self.0.cache.set(cache);
    }

    /// Runs `work` in a transaction that is committed when it returns `Ok` and rolled back when it returns `Err`.
    ///
    /// # Errors
    /// What `work` returned, or a failure of storage itself.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        submit(&self.0.writes, Manner::Durable, Vec::new(), work).await
    }

    /// The same, beginning with the locks on `ids`: on PostgreSQL they cost no message of their own then.
    ///
    /// # Errors
    /// What `work` returned, or a failure of storage itself.
    pub async fn write_holding<T, E, F>(&self, ids: &[Uuid], work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        submit(&self.0.writes, Manner::Durable, lock_keys(ids), work).await
    }

    /// Like [`Database::write`], for work that is merely done again if it is lost: it is answered before it is on disk. A
    /// PostgreSQL server that fails may lose such commits, its last ones, never any out of the middle
    /// (<https://www.postgresql.org/docs/current/wal-async-commit.html>). On SQLite commits are shared instead.
    ///
    /// # Errors
    /// What `work` returned, or a failure of storage itself.
    pub async fn write_repeatable<T, E, F>(&self, plans: Plans, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        submit(&self.0.writes, Manner::Repeatable(plans), Vec::new(), work).await
    }

    /// Runs `work` on a snapshot: all its queries see the same state. It cannot write. The snapshot may still be open for a
    /// moment when its answer is there.
    ///
    /// # Errors
    /// What `work` returned, or a failure of storage itself.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut DatabaseConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        submit(&self.0.reads, Manner::Snapshot, Vec::new(), |transaction| work(transaction.connection())).await
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        let here = std::thread::current().id();
        for thread in self.threads.drain(..) {
            // The last clone may die inside a database thread, which cannot wait for itself.
            if thread.thread().id() != here {
                let _ = thread.join();
            }
        }
    }
}

async fn submit<T, E, F>(queue: &Queue, manner: Manner, keys: Vec<i64>, work: F) -> Result<T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let work = Box::new(move |transaction: Result<&mut Transaction<'_>, Error>| {
        let result = match transaction {
            Ok(transaction) => work(transaction),
            Err(error) => Err(E::from(error)),
        };
        let ending = if result.is_ok() { Ending::Keep } else { Ending::Undo };
        let answer: Answer = Box::new(move |outcome, forgotten| {
            let result = match outcome {
                Err(error) if result.is_ok() => Err(E::from(error)),
                _ => result,
            };
            let _ = sender.send((result, forgotten));
        });
        (ending, answer)
    });
    queue.push(Job { manner, keys, work });
    let Ok((result, forgotten)) = receiver.await else {
        return Err(E::from(Error::Panicked("see the log".into())));
    };
    if let Some(forgotten) = forgotten {
        forgotten.await;
    }
    result
}
