//! How everybody reads through the cache.
//!
//! ```text
//! read --> in the store? --yes--> answer
//!             | no, or the store does not answer in time
//!             v
//!          a flight for the same key? --yes--> its answer
//!             | no
//!             v
//!          take the lease --> read the database --> put the value in the lease's place --> answer
//! ```

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::access::{Budget, Spent, within};
use super::entry::Place;
use super::flights::{Flights, Landing, Part};
use super::in_process::InProcess;
use super::key::{Key, Outdated};
use super::owed::Owed;
use super::pattern::Pattern;
use super::reading::Reading;
use super::redis::Redis;
use super::statistics::{Count, Meters, Statistics};
use super::store::{Store, Trouble};
use crate::recent::Recent;

/// The longest that the cache may hold up one reader or one writer.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);
/// Events that a process remembers to have forgotten the keys of.
const EVENTS: usize = 50_000;

/// What a client of the cache has to be able to do with a value.
pub trait Value: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Value for T {}

/// The way to the cache. Clones share everything.
#[derive(Clone)]
pub struct CacheClient(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub kind: Kind,
    /// What is read from now; nothing while Redis is not to be trusted.
    pub store: RwLock<Option<Arc<Store>>>,
    pub trouble: Mutex<Option<String>>,
    pub flights: Flights,
    pub owed: Owed,
    pub meters: Meters,
    /// A file that is there while something may be owed.
    pub marker: OnceLock<PathBuf>,
    forgotten: Mutex<Recent>,
}

/// Where values are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Off(String),
    InProcess,
    Redis { url: String, namespace: Arc<str> },
}

impl CacheClient {
    /// Without a cache; `why` is shown to operators.
    pub fn off(why: impl Into<String>) -> Self {
        Self::new(Kind::Off(why.into()), None)
    }

    /// With a cache within the process, which must be the only one that uses the database.
    pub fn in_process() -> Self {
        Self::new(Kind::InProcess, Some(Store::InProcess(InProcess::new())))
    }

    /// With a cache in Redis, all of whose keys begin with `namespace`. It is used as soon as the actor
    /// [`Cache`](super::Cache) has opened it.
    pub fn redis(url: String, namespace: &str) -> Self {
        let namespace = format!("{}:", namespace.trim_end_matches(':')).into();
        Self::new(Kind::Redis { url, namespace }, None)
    }

    fn new(kind: Kind, store: Option<Store>) -> Self {
        Self(Arc::new(Shared {
            kind,
            store: RwLock::new(store.map(Arc::new)),
            trouble: Mutex::default(),
            flights: Flights::default(),
            owed: Owed::default(),
            meters: Meters::default(),
            marker: OnceLock::new(),
            forgotten: Mutex::new(Recent::new(EVENTS)),
        }))
    }

    /// The value of `key`: from the cache, or else from `fetch`, which reads the database and whose value is then kept.
    /// Of readers that miss the same key at the same time one fetches for all.
    ///
    /// # Errors
    /// Those of `fetch`. Trouble with the cache is none: it costs at most 50 ms, once.
    pub async fn read<T, E, F>(&self, key: Key<T>, fetch: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Value,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let fetch_one = |_: Vec<usize>| fetch().map(|value| value.map(|value| vec![value]));
        let values = self.read_all(std::slice::from_ref(&key), fetch_one).await?;
        values.into_iter().next().map_or_else(|| unreachable!("one value a key"), Ok)
    }

    /// The values of `keys`, in their order. `fetch` is told the places of those that the cache does not have, and answers
    /// with as many values.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn read_all<T, E, F>(&self, keys: &[Key<T>], fetch: impl FnOnce(Vec<usize>) -> F) -> Result<Vec<T>, E>
    where
        T: Value,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Vec<T>, E>>,
    {
        let mut budget = Budget::new();
        let mut reading = Reading::of(keys);
        self.look(&mut reading, &mut budget).await;
        while !reading.is_complete() {
            let mut waiting = match self.0.flights.join(&reading.missing_places()) {
                Part::Pilot(pilot) => {
                    let (landing, outcome) = self.fly(reading, budget, fetch).await;
                    pilot.land(landing);
                    return outcome;
                }
                Part::Passenger(waiting) => waiting,
            };
            // A pilot that goes away without landing leaves its passengers to set out by themselves.
            let landing = waiting.wait_for(Option::is_some).await.ok().and_then(|landing| landing.clone());
            if let Some(Landing::Current(outcome)) = landing
                && let Some(outcome) = outcome.downcast_ref::<Result<Vec<T>, E>>()
            {
                return outcome.clone().map(|values| reading.completed(values));
            }
        }
        Ok(reading.completed(Vec::new()))
    }

    /// Stores a value that is not in the database.
    pub async fn set<T: Value>(&self, key: &Key<T>, value: &T) {
        let Ok(bytes) = serde_json::to_vec(value) else { return };
        let (place, ttl) = (Place::from(key), key.family.jittered_ttl());
        let set = |store: Arc<Store>| async move { store.set(&place, bytes.into(), ttl).await };
        if self.attempt(key.family.name, &mut Budget::new(), set).await.is_some() {
            self.0.meters.count(key.family.name, Count::Stored, 1);
        }
    }

    /// The value that the cache has of `key`.
    pub async fn get<T: Value>(&self, key: &Key<T>) -> Option<T> {
        let mut reading = Reading::of(std::slice::from_ref(key));
        self.look(&mut reading, &mut Budget::new()).await;
        if reading.is_complete() { reading.completed(Vec::new()).pop() } else { None }
    }

    /// Forgets what is outdated; resolves when nobody who reads here can get it any more, after at most 50 ms.
    pub fn forget(&self, outdated: Vec<Outdated>) -> BoxFuture<'static, ()> {
        if outdated.is_empty() {
            return futures_util::future::ready(()).boxed();
        }
        for outdated in &outdated {
            self.0.meters.forgotten(outdated.name());
        }
        self.0.flights.close(&outdated);
        match &self.0.kind {
            Kind::Off(_) => {}
            Kind::InProcess => {
                if let Some(store) = self.store()
                    && let Store::InProcess(store) = store.as_ref()
                {
                    outdated.iter().for_each(|outdated| store.forget(outdated));
                }
            }
            Kind::Redis { .. } => return self.owe(outdated),
        }
        futures_util::future::ready(()).boxed()
    }

    fn owe(&self, outdated: Vec<Outdated>) -> BoxFuture<'static, ()> {
        let client = self.clone();
        let Some(store) = self.store() else {
            drop(self.0.owed.add(outdated, || self.store().is_some()));
            return futures_util::future::ready(()).boxed();
        };
        let Some(paid) = self.0.owed.add(outdated, || self.store().is_some()) else {
            return futures_util::future::ready(()).boxed();
        };
        async move {
            if within(PATIENCE, paid).await.is_none() {
                client.fail(&store, "forgetting a key took longer than 50 ms".to_owned());
            }
        }
        .boxed()
    }

    /// Forgets every key that fits `pattern`, in the store itself; answers how many.
    ///
    /// # Errors
    /// Why the store could not do it; then everything is forgotten before it is read again.
    pub async fn forget_pattern(&self, pattern: &Pattern) -> Result<u64, String> {
        self.0.flights.close_all();
        let Some(store) = self.store() else {
            self.0.owed.add_everything();
            return match &self.0.kind {
                Kind::Off(why) => Err(why.clone()),
                _ => {
                    Err("the cache is not available; everything in it is forgotten before it is read again".to_owned())
                }
            };
        };
        match store.forget_pattern(pattern).await {
            Ok(count) => Ok(count),
            Err(trouble) => {
                self.0.owed.add_everything();
                self.fail(&store, trouble.to_string());
                Err(trouble.to_string())
            }
        }
    }

    /// How well the cache works.
    pub fn statistics(&self) -> Statistics {
        let available = self.store().is_some();
        let (store, at, why) = match &self.0.kind {
            Kind::Off(why) => ("off", None, Some(why.clone())),
            Kind::InProcess => ("in-process", None, None),
            Kind::Redis { url, namespace } => ("redis", Some((Redis::address(url), namespace.to_string())), None),
        };
        let (address, namespace) = at.unzip();
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Statistics {
            store: store.to_owned(),
            available,
            trouble: why.or(trouble).filter(|_| !available),
            address,
            namespace,
            owed: self.0.owed.len(),
            families: self.0.meters.figures(),
        }
    }

    /// Whether this process has forgotten what the event outdates.
    pub(super) fn knows(&self, event: Uuid) -> bool {
        self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner).knows(event)
    }

    pub(super) fn remember(&self, events: &[Uuid]) {
        let mut forgotten = self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            forgotten.remember(*event);
        }
    }

    pub(super) fn store(&self) -> Option<Arc<Store>> {
        self.0.store.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads from this store from now on, if nothing is owed to it.
    pub(super) fn open(&self, store: &Arc<Store>) -> bool {
        self.0.owed.open_if_paid(|| {
            self.mark(false);
            *self.0.store.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(store));
            *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
            *current = None;
        }
        drop(current);
        // Before anybody goes on: this process may die at any time.
        self.mark(true);
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
            Some(Err(Trouble::Full(reason))) => self.say(reason),
            Some(Err(Trouble::Broken(reason))) => self.fail(&store, reason),
            None => self.fail(&store, "it does not answer within 50 ms".to_owned()),
        }
        self.0.meters.count(family, Count::Error, 1);
        None
    }
}
