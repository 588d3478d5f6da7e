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
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::access::Budget;
use super::entry::Place;
use super::flights::{Flights, Landing, Part};
use super::glance::Glance;
use super::in_process::InProcess;
use super::key::Key;
use super::owed::Owed;
use super::reading::Reading;
use super::redis::Redis;
use super::statistics::{Count, Meters, Statistics};
use super::store::Store;
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
    /// The store answers, and has no room for more.
    pub is_full: AtomicBool,
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
    Redis { url: String, namespace: Arc<str>, epoch: Arc<str> },
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
    /// [`Cache`](super::Cache) has opened it; what stands there from another `epoch` is forgotten before.
    pub fn redis(url: String, namespace: &str, epoch: &str) -> Self {
        let namespace = format!("{}:", namespace.trim_end_matches(':')).into();
        Self::new(Kind::Redis { url, namespace, epoch: epoch.into() }, None)
    }

    fn new(kind: Kind, store: Option<Store>) -> Self {
        Self(Arc::new(Shared {
            kind,
            store: RwLock::new(store.map(Arc::new)),
            trouble: Mutex::default(),
            is_full: AtomicBool::new(false),
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
        self.read_after(&Glance::default(), key, fetch).await
    }

    /// The same for who has perhaps looked at the key before.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn read_after<T, E, F>(&self, glance: &Glance, key: Key<T>, fetch: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Value,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let fetch_one = |_: Vec<usize>| fetch().map(|value| value.map(|value| vec![value]));
        let values = self.read_keys(glance, std::slice::from_ref(&key), fetch_one).await?;
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
        self.read_keys(&Glance::default(), keys, fetch).await
    }

    async fn read_keys<T, E, F>(
        &self,
        glance: &Glance,
        keys: &[Key<T>],
        fetch: impl FnOnce(Vec<usize>) -> F,
    ) -> Result<Vec<T>, E>
    where
        T: Value,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Vec<T>, E>>,
    {
        let mut budget = Budget::new();
        let mut reading = Reading::of(keys);
        self.look(glance, &mut reading, &mut budget).await;
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
        self.look(&Glance::default(), &mut reading, &mut Budget::new()).await;
        if reading.is_complete() { reading.completed(Vec::new()).pop() } else { None }
    }

    /// How well the cache works.
    pub fn statistics(&self) -> Statistics {
        let available = self.store().is_some();
        let (store, at, why) = match &self.0.kind {
            Kind::Off(why) => ("off", None, Some(why.clone())),
            Kind::InProcess => ("in-process", None, None),
            Kind::Redis { url, namespace, .. } => ("redis", Some((Redis::address(url), namespace.to_string())), None),
        };
        let (address, namespace) = at.unzip();
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Statistics {
            store: store.to_owned(),
            available,
            trouble: why.or(trouble),
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
}
