//! A reader on its way through the cache.

use std::any::Any;
use std::sync::Arc;

use super::access::Budget;
use super::client::{CacheClient, Value};
use super::entry::{Content, Lease, Place, Taken};
use super::flights::Landing;
use super::key::{Key, Outdated};
use super::statistics::Count;

/// What a reader has found so far.
pub(super) struct Reading<'a, T> {
    keys: &'a [Key<T>],
    places: Vec<Place>,
    found: Vec<Option<T>>,
}

/// A reader's claim to a place while it reads the database.
enum Claim {
    /// It may store the value.
    Ours(usize, Lease),
    /// Another process may. If its lease still stands afterwards, nothing was forgotten meanwhile.
    Theirs(usize, Lease),
}

impl<'a, T: Value> Reading<'a, T> {
    pub fn of(keys: &'a [Key<T>]) -> Self {
        let found = keys.iter().map(|_| None).collect();
        Self { keys, places: keys.iter().map(Place::from).collect(), found }
    }

    pub fn is_complete(&self) -> bool {
        self.found.iter().all(Option::is_some)
    }

    fn missing(&self) -> Vec<usize> {
        self.found.iter().enumerate().filter(|(_, found)| found.is_none()).map(|(number, _)| number).collect()
    }

    pub fn missing_places(&self) -> Vec<&Place> {
        self.missing().into_iter().filter_map(|number| self.places.get(number)).collect()
    }

    /// The values in the order of their keys; those that were missing are `brought`.
    pub fn completed(self, brought: Vec<T>) -> Vec<T> {
        let mut brought = brought.into_iter();
        self.found.into_iter().filter_map(|found| found.or_else(|| brought.next())).collect()
    }

    fn family(&self) -> &'static str {
        self.keys.first().map_or("", |key| key.family.name)
    }

    /// Takes a text for the value of a key; `false` when it is none.
    fn accept(&mut self, number: usize, bytes: &[u8]) -> bool {
        match (serde_json::from_slice(bytes), self.found.get_mut(number)) {
            (Ok(value), Some(found)) => {
                *found = Some(value);
                true
            }
            _ => false,
        }
    }
}

impl CacheClient {
    /// Looks for everything that is wanted in the store.
    pub(super) async fn look<T: Value>(&self, reading: &mut Reading<'_, T>, budget: &mut Budget) {
        let family = reading.family();
        let places = reading.missing_places();
        let answer = self.attempt(family, budget, |store| async move { store.get(&places).await }).await;
        let mut poisoned = Vec::new();
        for (number, content) in reading.missing().into_iter().zip(answer.unwrap_or_default()) {
            if let Content::Value(bytes) = content
                && !reading.accept(number, &bytes)
                && let Some(place) = reading.places.get(number)
            {
                poisoned.push(Outdated::Key(place.key.clone()));
            }
        }
        let misses = reading.missing().len() as u64;
        self.0.meters.count(family, Count::Hit, reading.found.len() as u64 - misses);
        self.0.meters.count(family, Count::Miss, misses);
        if !poisoned.is_empty() {
            log::warn!("the cache holds what is no value of {family} at {poisoned:?}: it is replaced");
            self.0.meters.count(family, Count::Error, poisoned.len() as u64);
            let poisoned: Vec<&Outdated> = poisoned.iter().collect();
            self.attempt(family, budget, |store| async move { store.forget(&poisoned).await }).await;
        }
    }

    /// Reads what is missing from the database, for itself and its passengers, and stores it.
    pub(super) async fn fly<T, E, F>(
        &self,
        mut reading: Reading<'_, T>,
        mut budget: Budget,
        fetch: impl FnOnce(Vec<usize>) -> F,
    ) -> (Landing, Result<Vec<T>, E>)
    where
        T: Value,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Vec<T>, E>>,
    {
        let joined = reading.missing();
        let claims = self.claim(&mut reading, &mut budget).await;
        let missing = reading.missing();
        let fetched = if missing.is_empty() { Ok(Vec::new()) } else { fetch(missing.clone()).await };
        let brought = match fetched {
            Ok(brought) if brought.len() == missing.len() => brought,
            Ok(brought) => unreachable!("{} values were asked for, {} came", missing.len(), brought.len()),
            Err(error) => {
                self.release(&reading, claims).await;
                let outcome: Result<Vec<T>, E> = Err(error.clone());
                return (Landing::Current(Arc::new(outcome)), Err(error));
            }
        };
        for (number, value) in missing.iter().zip(brought) {
            if let Some(found) = reading.found.get_mut(*number) {
                *found = Some(value);
            }
        }
        let current = self.deliver(&reading, claims, &mut budget).await;
        let for_all: Vec<T> =
            joined.iter().filter_map(|number| reading.found.get(*number).cloned().flatten()).collect();
        let outcome: Arc<dyn Any + Send + Sync> = Arc::new(Ok::<_, E>(for_all));
        let landing = if current { Landing::Current(outcome) } else { Landing::Doubtful };
        (landing, Ok(reading.completed(Vec::new())))
    }

    /// Takes the leases of what is missing, before the database is read.
    async fn claim<T: Value>(&self, reading: &mut Reading<'_, T>, budget: &mut Budget) -> Vec<Claim> {
        let (family, mut claims) = (reading.family(), Vec::new());
        for number in reading.missing() {
            let Some(place) = reading.places.get(number) else { continue };
            let taken = self.attempt(family, budget, |store| async move { store.take(place).await }).await;
            match taken {
                Some(Taken::Ours(lease)) => claims.push(Claim::Ours(number, lease)),
                Some(Taken::Theirs(lease)) => claims.push(Claim::Theirs(number, lease)),
                Some(Taken::Value(bytes)) => drop(reading.accept(number, &bytes)),
                // It is not asked a second time for what it could not do.
                None => break,
            }
        }
        claims
    }

    /// Stores what was read. Whether it was true until now, as far as the store can tell.
    async fn deliver<T: Value>(&self, reading: &Reading<'_, T>, claims: Vec<Claim>, budget: &mut Budget) -> bool {
        let (family, mut current) = (reading.family(), true);
        for claim in claims {
            current &= match claim {
                Claim::Ours(number, lease) => self.store_one(reading, number, &lease, budget).await,
                Claim::Theirs(number, lease) => {
                    let places: Vec<&Place> = reading.places.get(number).into_iter().collect();
                    let look = self.attempt(family, budget, |store| async move { store.get(&places).await });
                    look.await.is_none_or(|contents| contents == [Content::Leased(lease)])
                }
            };
        }
        current
    }

    async fn store_one<T: Value>(
        &self,
        reading: &Reading<'_, T>,
        number: usize,
        lease: &Lease,
        budget: &mut Budget,
    ) -> bool {
        let (Some(place), Some(key)) = (reading.places.get(number), reading.keys.get(number)) else { return true };
        let value = reading.found.get(number).and_then(Option::as_ref);
        let Some(bytes) = value.and_then(|value| serde_json::to_vec(value).ok()) else { return true };
        let (bytes, ttl) = (bytes.into(), key.family.jittered_ttl());
        let fill = |store: Arc<super::store::Store>| async move { store.fill(place, lease, &bytes, ttl).await };
        let filled = self.attempt(key.family.name, budget, fill).await;
        match filled {
            Some(true) => self.0.meters.count(key.family.name, Count::Stored, 1),
            Some(false) => self.0.meters.count(key.family.name, Count::Refused, 1),
            None => {}
        }
        filled.unwrap_or(true)
    }

    /// Nothing was read, so the next reader need not wait for our leases to expire.
    async fn release<T: Value>(&self, reading: &Reading<'_, T>, claims: Vec<Claim>) {
        let mut budget = Budget::new();
        for claim in claims {
            if let Claim::Ours(number, lease) = claim
                && let Some(place) = reading.places.get(number)
            {
                let release = |store: Arc<super::store::Store>| async move { store.release(place, &lease).await };
                self.attempt(reading.family(), &mut budget, release).await;
            }
        }
    }
}
