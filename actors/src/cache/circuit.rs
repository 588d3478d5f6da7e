//! Whether the store is read, and what happens when it fails.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::access::{Budget, Spent};
use super::client::CacheClient;
use super::statistics::Count;
use super::store::{Store, Trouble};

impl CacheClient {
    pub(super) fn store(&self) -> Option<Arc<Store>> {
        self.0.store.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads from this store from now on, if nothing is owed to it.
    pub(super) fn open(&self, store: &Arc<Store>) -> bool {
        self.0.owed.open_if_paid(|| {
            self.mark(false);
            *self.0.store.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(store));
            *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.0.is_full.store(false, Ordering::Relaxed);
        })
    }

    /// Reads from the database from now on.
    pub(super) fn fail(&self, store: &Arc<Store>, reason: String) {
        let Store::Redis(redis) = store.as_ref() else { return };
        if redis.close() {
            log::warn!("Redis is not read until it works again: {reason}");
            self.say(reason);
        }
        let mut current = self.0.store.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, store)) {
            // Before anybody can go on without Redis: this process may die at any time.
            self.mark(true);
            *current = None;
        }
        drop(current);
        // Whoever waits for a key to be forgotten need not: nobody here reads it before it is.
        self.0.owed.settle();
    }

    /// Notes, for a process that may come after this one, whether something may be owed.
    pub(super) fn mark(&self, owes: bool) {
        let Some(marker) = self.0.marker.get() else { return };
        let marked = match owes {
            true => std::fs::write(marker, "what was forgotten may not be so in Redis yet\n"),
            false if marker.exists() => std::fs::remove_file(marker),
            false => Ok(()),
        };
        if let Err(error) = marked {
            log::warn!("{}: {error}", marker.display());
        }
    }

    fn full(&self, reason: String) {
        if !self.0.is_full.swap(true, Ordering::Relaxed) {
            log::warn!("nothing more is kept: {reason}");
            self.say(reason);
        }
    }

    /// It takes values, so it has room again.
    pub(super) fn has_room(&self) {
        if self.0.is_full.load(Ordering::Relaxed) && self.0.is_full.swap(false, Ordering::Relaxed) {
            *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    pub(super) fn say(&self, trouble: String) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    /// Asks the store for something, within the budget. `None` without a store, or when it does not do it.
    pub(super) async fn attempt<R, F>(
        &self,
        family: &str,
        budget: &mut Budget,
        ask: impl FnOnce(Arc<Store>) -> F,
    ) -> Option<R>
    where
        F: Future<Output = Result<R, Trouble>>,
    {
        let store = self.store()?;
        let Spent { answer, latency, is_known } = budget.spend(&store, ask(Arc::clone(&store))).await;
        self.0.meters.took(family, latency);
        match answer {
            Some(Ok(answer)) => {
                if is_known && store.has_become_slow(latency) {
                    self.fail(&store, "it takes more than 25 ms to answer".to_owned());
                }
                return Some(answer);
            }
            Some(Err(Trouble::Full(reason))) => self.full(reason),
            Some(Err(Trouble::Broken(reason))) => self.fail(&store, reason),
            None => self.fail(&store, "it does not answer within 50 ms".to_owned()),
        }
        self.0.meters.count(family, Count::Error, 1);
        None
    }
}
