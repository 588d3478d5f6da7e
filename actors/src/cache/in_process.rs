//! The cache of a process that is alone with its database: bounded, and gone with the process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;
use uuid::Uuid;

use super::entry::{Content, LEASE, Lease, Place, Taken, unique};
use super::key::{Group, Outdated};
use super::pattern::Pattern;
use super::store::Filling;

/// The most that keys and values may hold together, in bytes.
const CAPACITY_BYTES: u64 = 32 * 1024 * 1024;
/// Groups that are known at once. One that is let go takes its values with it.
const GROUPS: u64 = 50_000;

/// Values within the process.
pub(super) struct InProcess {
    entries: Cache<String, Entry>,
    /// What stands in a group counts only as long as the group has the stamp that it was stored under.
    stamps: Cache<Group, Uuid>,
}

#[derive(Clone)]
struct Entry {
    content: Content,
    stamp: Option<Uuid>,
    ttl: Duration,
}

struct OwnTtl;

impl Expiry<String, Entry> for OwnTtl {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(&self, _: &String, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl InProcess {
    pub fn new() -> Self {
        let weight = |key: &String, entry: &Entry| {
            let value = if let Content::Value(bytes) = &entry.content { bytes.len() } else { 0 };
            u32::try_from(key.len() + value + size_of::<Entry>()).unwrap_or(u32::MAX)
        };
        let entries = Cache::builder().max_capacity(CAPACITY_BYTES).weigher(weight).expire_after(OwnTtl).build();
        Self { entries, stamps: Cache::new(GROUPS) }
    }

    pub fn get(&self, place: &Place) -> Content {
        let entry = self.entries.get(&place.key);
        entry.filter(|entry| self.counts(place, entry)).map_or(Content::Nothing, |entry| entry.content)
    }

    pub fn take(&self, place: &Place) -> Taken {
        let lease = Lease::new();
        let stamp = place.group.as_ref().map(|group| self.stamps.get_with(group.clone(), unique));
        let mut before = Content::Nothing;
        self.entries.entry(place.key.clone()).and_compute_with(|entry| {
            match entry.map(moka::Entry::into_value).filter(|entry| self.counts(place, entry)) {
                Some(entry) => {
                    before = entry.content;
                    Op::Nop
                }
                None => Op::Put(Entry { content: Content::Leased(lease.clone()), stamp, ttl: LEASE }),
            }
        });
        Taken::instead_of(before, lease)
    }

    /// Stores a value in the place of its lease; `false` when that is gone.
    pub fn fill(&self, Filling { place, lease, bytes, ttl }: &Filling<'_>) -> bool {
        let mut filled = false;
        self.replace(place, lease, |entry| {
            filled = true;
            Op::Put(Entry { content: Content::Value(Arc::clone(bytes)), ttl: *ttl, ..entry })
        });
        filled
    }

    /// Takes a lease back.
    pub fn release(&self, place: &Place, lease: &Lease) {
        self.replace(place, lease, |_| Op::Remove);
    }

    fn replace(&self, place: &Place, lease: &Lease, by: impl FnOnce(Entry) -> Op<Entry>) {
        self.entries.entry(place.key.clone()).and_compute_with(|entry| match entry.map(moka::Entry::into_value) {
            Some(entry) if self.counts(place, &entry) && entry.content == Content::Leased(lease.clone()) => by(entry),
            _ => Op::Nop,
        });
    }

    pub fn set(&self, place: &Place, bytes: Arc<[u8]>, ttl: Duration) {
        let stamp = place.group.as_ref().map(|group| self.stamps.get_with(group.clone(), unique));
        let entry = Entry { content: Content::Value(bytes), stamp, ttl };
        self.entries.entry(place.key.clone()).and_compute_with(|_| Op::Put(entry));
    }

    pub fn forget(&self, outdated: &Outdated) {
        match outdated {
            Outdated::Key(key) => {
                self.remove(key);
            }
            Outdated::Group(group) => self.stamps.invalidate(group),
        }
    }

    /// Forgets every key that fits the pattern; answers how many.
    pub fn forget_pattern(&self, pattern: &Pattern) -> u64 {
        let keys: Vec<_> = self.entries.iter().filter(|(key, _)| pattern.fits(key)).map(|(key, _)| key).collect();
        keys.iter().filter(|key| self.remove(key)).count() as u64
    }

    /// Whether it was there. Not moka's `invalidate` or `remove`, which do not wait for a computation on the key: a value could
    /// take the place of a lease that it had seen just before.
    fn remove(&self, key: &str) -> bool {
        let removed = self.entries.entry(key.to_owned()).and_compute_with(|_| Op::Remove);
        matches!(removed, CompResult::Removed(_))
    }

    fn counts(&self, place: &Place, entry: &Entry) -> bool {
        let current = place.group.as_ref().and_then(|group| self.stamps.get(group));
        place.group.is_none() || (current.is_some() && current == entry.stamp)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    fn place(key: &str) -> Place {
        Place { key: key.to_owned(), group: Some(Group::named("g")) }
    }

    fn bytes(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    fn fill(cache: &InProcess, lease: &Lease, text: &str) -> bool {
        cache.fill(&Filling { place: &place("a"), lease: lease.clone(), bytes: bytes(text), ttl: LEASE })
    }

    fn ours(taken: Taken) -> Lease {
        match taken {
            Taken::Ours(lease) => lease,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_reader_gets_the_lease_and_fills_it() {
        let cache = InProcess::new();
        let lease = ours(cache.take(&place("a")));
        assert_eq!(cache.take(&place("a")), Taken::Theirs(lease.clone()));
        assert!(fill(&cache, &lease, "1"));
        assert_eq!(cache.get(&place("a")), Content::Value(bytes("1")));
        assert_eq!(cache.take(&place("a")), Taken::Value(bytes("1")));
    }

    #[test]
    fn who_began_before_it_was_forgotten_stores_nothing() {
        let outdated = [Outdated::Key("a".to_owned()), Outdated::Group(Group::named("g"))];
        for outdated in outdated {
            let cache = InProcess::new();
            let lease = ours(cache.take(&place("a")));
            cache.forget(&outdated);
            assert!(!fill(&cache, &lease, "1"), "{outdated:?}");
            let next = ours(cache.take(&place("a")));
            assert!(!fill(&cache, &lease, "1"), "{outdated:?}");
            assert!(fill(&cache, &next, "2"));
            assert_eq!(cache.get(&place("a")), Content::Value(bytes("2")));
        }
    }

    /// Spins until the other has come as well: two threads that are woken do not go on at the same moment.
    fn meet(arrived: &AtomicUsize, meeting: usize) {
        arrived.fetch_add(1, SeqCst);
        while arrived.load(SeqCst) < 2 * meeting {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn who_fills_while_it_is_forgotten_leaves_nothing() {
        const ROUNDS: usize = 20_000;
        let (cache, arrived) = (InProcess::new(), AtomicUsize::new(0));
        let (place, outdated) = (Place { key: "a".to_owned(), group: None }, Outdated::Key("a".to_owned()));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    meet(&arrived, 2 * round + 1);
                    cache.forget(&outdated);
                    meet(&arrived, 2 * round + 2);
                }
            });
            let mut left = 0;
            for round in 0..ROUNDS {
                let lease = ours(cache.take(&place));
                meet(&arrived, 2 * round + 1);
                cache.fill(&Filling { place: &place, lease, bytes: bytes("1"), ttl: LEASE });
                meet(&arrived, 2 * round + 2);
                left += usize::from(cache.get(&place) != Content::Nothing);
                cache.forget(&outdated);
            }
            assert_eq!(left, 0, "of {ROUNDS} rounds");
        });
    }

    #[test]
    fn a_group_is_forgotten_whole_and_alone() {
        let cache = InProcess::new();
        let alone = Place { key: "b".to_owned(), group: None };
        for place in [place("a1"), place("a2"), alone.clone()] {
            cache.set(&place, bytes("1"), LEASE);
        }
        cache.forget(&Outdated::Group(Group::named("g")));
        assert_eq!([cache.get(&place("a1")), cache.get(&place("a2"))], [Content::Nothing, Content::Nothing]);
        assert_eq!(cache.get(&alone), Content::Value(bytes("1")));
    }

    #[test]
    fn a_value_is_kept_for_its_own_time() {
        let cache = InProcess::new();
        cache.set(&place("a"), bytes("1"), Duration::ZERO);
        cache.set(&place("b"), bytes("1"), LEASE);
        assert_eq!(cache.get(&place("a")), Content::Nothing);
        assert_eq!(cache.get(&place("b")), Content::Value(bytes("1")));
    }

    #[test]
    fn a_pattern_forgets_what_it_fits() {
        let cache = InProcess::new();
        for key in ["a:1", "a:2", "b:1"] {
            cache.set(&place(key), bytes("1"), LEASE);
        }
        assert_eq!(cache.forget_pattern(&"a:*".parse().expect("a pattern")), 2);
        assert_eq!(cache.get(&place("a:1")), Content::Nothing);
        assert_eq!(cache.get(&place("b:1")), Content::Value(bytes("1")));
    }
}
