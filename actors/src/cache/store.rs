//! Where values are kept, behind one face.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::entry::{Content, Lease, Place, Taken};
use super::in_process::InProcess;
use super::key::Outdated;
use super::pattern::Pattern;
use super::redis::Redis;

/// Why the store could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It has no room for more, but answers.
    #[error("{0}")]
    Full(String),
    /// It does not work.
    #[error("{0}")]
    Broken(String),
}

/// A value that is to take the place of a lease.
#[derive(Debug)]
pub(super) struct Filling<'a> {
    pub place: &'a Place,
    pub lease: Lease,
    pub bytes: Arc<[u8]>,
    pub ttl: Duration,
}

/// Where values are kept.
pub(super) enum Store {
    InProcess(InProcess),
    Redis(Box<Redis>),
}

impl Store {
    pub async fn get(&self, places: &[&Place]) -> Result<Vec<Content>, Trouble> {
        match self {
            Self::InProcess(store) => Ok(places.iter().map(|place| store.get(place)).collect()),
            Self::Redis(store) => store.get(places).await,
        }
    }

    /// Asks for the leases of places where nothing stands.
    pub async fn take(&self, places: &[&Place]) -> Result<Vec<Taken>, Trouble> {
        match self {
            Self::InProcess(store) => Ok(places.iter().map(|place| store.take(place)).collect()),
            Self::Redis(store) => try_join_all(places.iter().map(|place| store.take(place))).await,
        }
    }

    /// Puts values in the places of their leases; `false` for those whose lease is gone.
    pub async fn fill(&self, values: &[Filling<'_>]) -> Result<Vec<bool>, Trouble> {
        match self {
            Self::InProcess(store) => Ok(values.iter().map(|value| store.fill(value)).collect()),
            Self::Redis(store) => try_join_all(values.iter().map(|value| store.fill(value))).await,
        }
    }

    /// Gives a lease back.
    pub async fn release(&self, place: &Place, lease: &Lease) -> Result<(), Trouble> {
        match self {
            Self::InProcess(store) => {
                store.release(place, lease);
                Ok(())
            }
            Self::Redis(store) => store.release(place, lease).await,
        }
    }

    pub async fn set(&self, place: &Place, bytes: Arc<[u8]>, ttl: Duration) -> Result<(), Trouble> {
        match self {
            Self::InProcess(store) => {
                store.set(place, bytes, ttl);
                Ok(())
            }
            Self::Redis(store) => store.set(place, &bytes, ttl).await,
        }
    }

    pub async fn forget(&self, outdated: &[&Outdated]) -> Result<(), Trouble> {
        match self {
            Self::InProcess(store) => {
                outdated.iter().for_each(|outdated| store.forget(outdated));
                Ok(())
            }
            Self::Redis(store) => store.forget(outdated).await,
        }
    }

    /// Forgets every key that fits; answers how many.
    pub async fn forget_pattern(&self, pattern: &Pattern) -> Result<u64, Trouble> {
        match self {
            Self::InProcess(store) => Ok(store.forget_pattern(pattern)),
            Self::Redis(store) => store.forget_pattern(pattern).await,
        }
    }

    /// Returns when the store is closed for good: what was asked of it is then not waited for.
    pub async fn closed(&self) {
        match self {
            Self::InProcess(_) => std::future::pending().await,
            Self::Redis(store) => store.closed().await,
        }
    }

    /// Whether it has been slow for so long that the database is faster. Told how long each answer took.
    pub fn has_become_slow(&self, latency: Duration) -> bool {
        match self {
            Self::InProcess(_) => false,
            Self::Redis(store) => store.has_become_slow(latency),
        }
    }
}
