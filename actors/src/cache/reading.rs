//! A reader on its way through the cache.

use std::any::Any;
use std::sync::Arc;

use super::access::Budget;
use super::client::{CacheClient, Value};
use super::entry::{Content, LONGEST, Lease, Place, Taken};
use super::flights::Landing;
use super::glance::Glance;
use super::key::{Key, Outdated};
use super::statistics::Count;
use super::store::Filling;

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

    fn filling(&self, number: usize, lease: Lease) -> Option<Filling<'_>> {
        let (place, key) = (self.places.get(number)?, self.keys.get(number)?);
        let bytes = serde_json::to_vec(self.found.get(number)?.as_ref()?).ok()?.into();
        Some(Filling { place, lease, bytes, ttl: key.family.jittered_ttl() })
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
    pub(super) async fn look<T: Value>(&self, glance: &Glance, reading: &mut Reading<'_, T>, budget: &mut Budget) {
        let family = reading.family();
        let places = reading.missing_places();
        let answer = match glance.take(&places) {
            Some(seen) => Some(seen),
            None => self.attempt(family, budget, |store| async move { store.get(&places).await }).await,
        };
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
        self.0.meters.looked(family, reading.found.len() as u64 - misses, misses);
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
        let (family, missing, mut claims) = (reading.family(), reading.missing(), Vec::new());
        let places = reading.missing_places();
        let taken = self.attempt(family, budget, |store| async move { store.take(&places).await }).await;
        for (number, taken) in missing.into_iter().zip(taken.unwrap_or_default()) {
            match taken {
                Taken::Ours(lease) => claims.push(Claim::Ours(number, lease)),
                Taken::Theirs(lease) => claims.push(Claim::Theirs(number, lease)),
                Taken::Value(bytes) => drop(reading.accept(number, &bytes)),
            }
        }
        claims
    }

    /// Stores what was read. Whether it was true until now, as far as the store can tell.
    async fn deliver<T: Value>(&self, reading: &Reading<'_, T>, claims: Vec<Claim>, budget: &mut Budget) -> bool {
        let family = reading.family();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for claim in claims {
            match claim {
                // What is too long to be kept is current for as long as its lease stands, as that of another reader.
                Claim::Ours(number, lease) => match reading.filling(number, lease.clone()) {
                    Some(filling) if filling.bytes.len() > LONGEST => {
                        theirs.push((filling.place, Content::Leased(lease)));
                    }
                    filling => ours.extend(filling),
                },
                Claim::Theirs(number, lease) => {
                    theirs.extend(reading.places.get(number).map(|place| (place, Content::Leased(lease))));
                }
            }
        }
        let mut current = true;
        if !ours.is_empty() {
            let filled = self.attempt(family, budget, |store| async move { store.fill(&ours).await }).await;
            let filled = filled.unwrap_or_default();
            let stored = filled.iter().filter(|stored| **stored).count() as u64;
            let refused = filled.len() as u64 - stored;
            if stored > 0 {
                self.has_room();
            }
            self.0.meters.count(family, Count::Stored, stored);
            self.0.meters.count(family, Count::Refused, refused);
            current &= refused == 0;
        }
        if !theirs.is_empty() {
            let (places, leases): (Vec<&Place>, Vec<Content>) = theirs.into_iter().unzip();
            let look = self.attempt(family, budget, |store| async move { store.get(&places).await });
            current &= look.await.is_none_or(|contents| contents == leases);
        }
        current
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
