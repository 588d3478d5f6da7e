//! Several keys looked at in one go: who is going to read them one after the other asks Redis once.

use std::sync::{Mutex, PoisonError};

use super::access::Budget;
use super::client::{CacheClient, Kind};
use super::entry::{Content, Place};
use super::key::Key;

/// A key, of whatever type, that is going to be read.
#[derive(Debug, Clone)]
pub struct Sought {
    family: &'static str,
    place: Place,
}

impl<T> From<&Key<T>> for Sought {
    fn from(key: &Key<T>) -> Self {
        Self { family: key.family.name, place: key.into() }
    }
}

/// What stood at several keys when they were looked at together. Each is told once: who reads a key again wants to know
/// what stands there now.
#[derive(Debug, Default)]
pub struct Glance(Mutex<Vec<(Place, Content)>>);

impl Glance {
    /// What stood at these places, if all of them were looked at.
    pub(super) fn take(&self, places: &[&Place]) -> Option<Vec<Content>> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let content = |place: &Place| seen.iter().find(|(seen, _)| seen == place).map(|(_, content)| content.clone());
        let contents = places.iter().map(|place| content(place)).collect::<Option<Vec<_>>>()?;
        seen.retain(|(seen, _)| !places.contains(&seen));
        Some(contents)
    }
}

impl CacheClient {
    /// Looks at keys that are going to be read with [`CacheClient::read_after`]. Where a look costs nothing none is taken,
    /// and the reads look for themselves.
    pub async fn glance(&self, sought: impl FnOnce() -> Vec<Sought>) -> Glance {
        if !matches!(self.0.kind, Kind::Redis { .. }) {
            return Glance::default();
        }
        let sought = sought();
        let Some(first) = sought.first() else { return Glance::default() };
        let places: Vec<&Place> = sought.iter().map(|sought| &sought.place).collect();
        let look = |store: std::sync::Arc<super::store::Store>| async move { store.get(&places).await };
        let contents = self.attempt(first.family, &mut Budget::new(), look).await.unwrap_or_default();
        Glance(Mutex::new(sought.into_iter().map(|sought| sought.place).zip(contents).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: &str) -> Place {
        Place { key: key.to_owned(), group: None }
    }

    #[test]
    fn what_was_seen_is_told_once_and_only_whole() {
        let value = |text: &str| Content::Value(text.as_bytes().into());
        let glance = Glance(Mutex::new(vec![(place("a"), value("1")), (place("b"), Content::Nothing)]));
        assert_eq!(glance.take(&[&place("a"), &place("c")]), None);
        assert_eq!(glance.take(&[&place("b"), &place("a")]), Some(vec![Content::Nothing, value("1")]));
        assert_eq!(glance.take(&[&place("a")]), None);
    }
}
