//! A pool of connections for each thread: whoever asks and whoever drives the connection are then on one thread, and no
//! question wakes another one.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

use bb8_redis::bb8::{Pool, RunError};
use redis::aio::MultiplexedConnection;

use super::connector::Connector;
use super::trouble::trouble;
use crate::cache::store::Trouble;

/// A connection is shared by all who ask at once, so a thread needs but one.
const CONNECTIONS: u32 = 1;

pub(super) struct Pools {
    connector: Connector,
    /// How long a new connection may take.
    patience: Duration,
    of_threads: RwLock<HashMap<ThreadId, Pool<Connector>>>,
}

impl Pools {
    pub fn new(connector: Connector, patience: Duration) -> Self {
        Self { connector, patience, of_threads: RwLock::default() }
    }

    /// The connection of this thread. It is not kept from the pool for longer than it is copied.
    pub async fn connection(&self) -> Result<MultiplexedConnection, Trouble> {
        match self.of_this_thread().get().await {
            Ok(connection) => Ok(connection.clone()),
            Err(RunError::User(error)) => Err(trouble(&error)),
            Err(RunError::TimedOut) => Err(Trouble::Broken("no connection was to be had in time".to_owned())),
        }
    }

    fn of_this_thread(&self) -> Pool<Connector> {
        let here = thread::current().id();
        let known = self.of_threads.read().unwrap_or_else(PoisonError::into_inner).get(&here).cloned();
        known.unwrap_or_else(|| {
            let pool = Pool::builder()
                .max_size(CONNECTIONS)
                .test_on_check_out(false)
                .connection_timeout(self.patience)
                .idle_timeout(None)
                .max_lifetime(None)
                .retry_connection(false)
                .build_unchecked(self.connector.clone());
            self.of_threads.write().unwrap_or_else(PoisonError::into_inner).insert(here, pool.clone());
            pool
        })
    }
}
