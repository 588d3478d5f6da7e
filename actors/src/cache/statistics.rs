//! How well the cache works, for each kind of key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Upper ends of the latencies that are counted, in microseconds; what took longer counts in a last place.
const BOUNDS_US: [u64; 12] = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000];

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    errors: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
    forgotten: AtomicU64,
    latencies: [AtomicU64; BOUNDS_US.len() + 1],
}

/// What is counted of a key's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// The store failed, or what stood there could not be read.
    Error,
    /// A value was stored.
    Stored,
    /// A value was not stored, because its key had been forgotten since it was read.
    Refused,
}

/// The counters of all families.
#[derive(Debug, Default)]
pub(super) struct Meters(RwLock<BTreeMap<String, Arc<Counters>>>);

impl Meters {
    /// Notes what a look found.
    pub fn looked(&self, family: &str, hits: u64, misses: u64) {
        let counters = self.of(family);
        counters.hits.fetch_add(hits, Ordering::Relaxed);
        counters.misses.fetch_add(misses, Ordering::Relaxed);
    }

    /// Notes something else.
    pub fn count(&self, family: &str, what: Count, times: u64) {
        let counters = self.of(family);
        let counter = match what {
            Count::Error => &counters.errors,
            Count::Stored => &counters.stored,
            Count::Refused => &counters.refused,
        };
        counter.fetch_add(times, Ordering::Relaxed);
    }

    /// Notes that a key or a group was forgotten. Kinds of keys that nobody has read are not counted.
    pub fn forgotten(&self, name: &str) {
        let families = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let own = |family: &&String| {
            name.strip_prefix(family.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        if let Some(counters) =
            families.keys().filter(own).max_by_key(|family| family.len()).and_then(|f| families.get(f))
        {
            counters.forgotten.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes how long the store took to answer.
    pub fn took(&self, family: &str, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.of(family).latencies.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn of(&self, family: &str) -> Arc<Counters> {
        if let Some(counters) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(family) {
            return Arc::clone(counters);
        }
        let mut families = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(families.entry(family.to_owned()).or_default())
    }

    pub fn figures(&self) -> Vec<FamilyFigures> {
        let families = self.0.read().unwrap_or_else(PoisonError::into_inner);
        families.iter().map(|(family, counters)| counters.figures(family)).collect()
    }
}

impl Counters {
    fn figures(&self, family: &str) -> FamilyFigures {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses) = (load(&self.hits), load(&self.misses));
        let latencies: Vec<u64> = self.latencies.iter().map(load).collect();
        FamilyFigures {
            family: family.to_owned(),
            hits,
            misses,
            hit_rate: (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64),
            errors: load(&self.errors),
            stored: load(&self.stored),
            refused: load(&self.refused),
            forgotten: load(&self.forgotten),
            latency_p50_us: quantile(&latencies, 0.5),
            latency_p99_us: quantile(&latencies, 0.99),
        }
    }
}

/// The end of the range in which the `share` slowest of all begin.
fn quantile(latencies: &[u64], share: f64) -> Option<u64> {
    let total: u64 = latencies.iter().sum();
    let wanted = (total as f64 * share).ceil() as u64;
    let mut seen = 0;
    let place = latencies.iter().position(|count| {
        seen += count;
        total > 0 && seen >= wanted
    })?;
    Some(BOUNDS_US.get(place).copied().unwrap_or(u64::MAX))
}

/// How well one kind of key works, since the process began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FamilyFigures {
    /// What its keys begin with.
    pub family: String,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that went to the database.
    pub misses: u64,
    /// Hits among all reads, 0 to 1; absent when there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_rate: Option<f64>,
    /// Failures of the store, and values that could not be read.
    pub errors: u64,
    /// Values that were stored.
    pub stored: u64,
    /// Values that were not stored because their key was forgotten while they were read.
    pub refused: u64,
    /// Keys and groups of keys that were forgotten.
    pub forgotten: u64,
    /// Half of the store's answers took at most so many microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p50_us: Option<u64>,
    /// 99 of 100 of the store's answers took at most so many microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p99_us: Option<u64>,
}

/// How well the cache works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Where values are kept: `redis`, `in-process`, or `off`.
    pub store: String,
    /// Whether it is read from now; if not, reads go to the database.
    pub available: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Where Redis is, without the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What every key begins with in Redis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Forgotten keys that Redis has not been told of yet. It is read again only after that.
    pub owed: u64,
    /// Each kind of key.
    pub families: Vec<FamilyFigures>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_is_counted_by_itself() {
        let meters = Meters::default();
        meters.looked("resource", 3, 1);
        meters.count("resources:list", Count::Refused, 2);
        let figures = meters.figures();
        let [resource, lists] = figures.as_slice() else { panic!("{figures:?}") };
        assert_eq!((resource.hits, resource.misses, resource.hit_rate), (3, 1, Some(0.75)));
        assert_eq!((lists.refused, lists.hit_rate), (2, None));
    }

    #[test]
    fn what_is_forgotten_counts_with_the_closest_family() {
        let meters = Meters::default();
        for family in ["availability", "availability:rules"] {
            meters.looked(family, 1, 0);
        }
        for name in ["availability:rules:7", "availability:7:2026-03-02", "availability:rules", "resource:7"] {
            meters.forgotten(name);
        }
        let forgotten: Vec<u64> = meters.figures().iter().map(|figures| figures.forgotten).collect();
        assert_eq!(forgotten, [1, 2]);
    }

    #[test]
    fn latencies_are_told_by_the_range_that_they_lie_in() {
        let meters = Meters::default();
        for micros in [10, 20, 30, 90, 60_000] {
            meters.took("resource", Duration::from_micros(micros));
        }
        let figures = meters.figures();
        assert_eq!(figures[0].latency_p50_us, Some(50));
        assert_eq!(figures[0].latency_p99_us, Some(100_000));
    }
}
