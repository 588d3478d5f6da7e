//! Lanes: what belongs together is handled one after another, everything else side by side.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Items in lanes by key. Of each lane at most one item is out being handled.
#[derive(Debug)]
pub struct Lanes<K, T> {
    waiting: HashMap<K, VecDeque<T>>,
    held: usize,
}

impl<K: Eq + Hash + Clone, T> Lanes<K, T> {
    /// Empty lanes.
    pub fn new() -> Self {
        Self { waiting: HashMap::new(), held: 0 }
    }

    /// Items inside, waiting and being handled.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Brings an item in. It comes back at once when its lane is free; otherwise it waits for [`Lanes::leave`].
    pub fn enter(&mut self, key: &K, item: T) -> Option<T> {
        self.held += 1;
        if let Some(queue) = self.waiting.get_mut(key) {
            queue.push_back(item);
            return None;
        }
        self.waiting.insert(key.clone(), VecDeque::new());
        Some(item)
    }

    /// The item being handled is done; the next of its lane, if one waits.
    pub fn leave(&mut self, key: &K) -> Option<T> {
        self.held = self.held.saturating_sub(1);
        let next = self.waiting.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.waiting.remove(key);
        }
        next
    }
}

impl<K: Eq + Hash + Clone, T> Default for Lanes<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the arrivals and departures, each lane gives its items in order and never two at once.
        #[test]
        fn order_within_a_lane_and_one_at_a_time(steps in prop::collection::vec((0u8..4, any::<bool>()), 0..200)) {
            let mut lanes = Lanes::new();
            let mut out: HashMap<u8, usize> = HashMap::new();
            let mut seen: HashMap<u8, Vec<usize>> = HashMap::new();
            for (number, (key, arrives)) in steps.into_iter().enumerate() {
                let next = if arrives { lanes.enter(&key, number) } else if out.remove(&key).is_some() { lanes.leave(&key) } else { None };
                if let Some(item) = next {
                    prop_assert!(out.insert(key, item).is_none());
                    seen.entry(key).or_default().push(item);
                }
            }
            for items in seen.values() {
                prop_assert!(items.is_sorted());
            }
        }
    }
}
