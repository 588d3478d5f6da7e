//! Who asks Redis over which connection.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, ThreadId};

use bb8_redis::bb8::{Pool, RunError};
use redis::aio::MultiplexedConnection;

use super::connector::Connector;
use super::trouble::trouble;
use crate::cache::store::Trouble;

/// Connections to one server. Each thread gets one of its own, so that whoever asks and whoever drives the connection are on one
/// thread and no question wakes another. Opening it takes longer than a reader may wait: until it is there, and if it cannot
/// be had, a thread asks over the one in the pool, which was open before anybody read.
pub(super) struct Connections {
    pool: Pool<Connector>,
    /// `None` while it is being opened, and when it could not be.
    of_threads: Arc<RwLock<HashMap<ThreadId, Option<MultiplexedConnection>>>>,
}

impl Connections {
    pub fn new(pool: Pool<Connector>) -> Self {
        Self { pool, of_threads: Arc::default() }
    }

    /// The connection to ask over. It is shared by all who ask at once, so it is not kept from the pool for longer than it is
    /// copied.
    pub async fn get(&self) -> Result<MultiplexedConnection, Trouble> {
        let here = thread::current().id();
        let known = self.of_threads.read().unwrap_or_else(PoisonError::into_inner).get(&here).cloned();
        match known {
            Some(Some(own)) => return Ok(own),
            Some(None) => {}
            None => self.open_for(here),
        }
        match self.pool.get().await {
            Ok(connection) => Ok(connection.clone()),
            Err(RunError::User(error)) => Err(trouble(&error)),
            Err(RunError::TimedOut) => Err(Trouble::Broken("no connection was to be had in time".to_owned())),
        }
    }

    /// Opens the connection of this thread, beside what it does: what is spawned here runs here.
    fn open_for(&self, here: ThreadId) {
        self.of_threads.write().unwrap_or_else(PoisonError::into_inner).insert(here, None);
        let (pool, of_threads) = (self.pool.clone(), Arc::clone(&self.of_threads));
        tokio::spawn(async move {
            match pool.dedicated_connection().await {
                Ok(own) => {
                    of_threads.write().unwrap_or_else(PoisonError::into_inner).insert(here, Some(own));
                }
                Err(error) => log::warn!("a thread shares its connection to Redis, its own cannot be opened: {error}"),
            }
        });
    }

    /// How many threads have a connection of their own.
    #[cfg(test)]
    pub fn own(&self) -> usize {
        self.of_threads.read().unwrap_or_else(PoisonError::into_inner).values().flatten().count()
    }
}
