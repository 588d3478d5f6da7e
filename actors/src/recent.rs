//! The events that a process met lately.

use std::collections::{HashSet, VecDeque};

use uuid::Uuid;

/// The last identifiers that were remembered, up to a number.
#[derive(Debug)]
pub(crate) struct Recent {
    capacity: usize,
    order: VecDeque<Uuid>,
    known: HashSet<Uuid>,
}

impl Recent {
    /// Remembers up to `capacity` identifiers.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, order: VecDeque::new(), known: HashSet::new() }
    }

    /// Remembers an identifier; answers whether it was known.
    pub fn remember(&mut self, id: Uuid) -> bool {
        if !self.known.insert(id) {
            return true;
        }
        self.order.push_back(id);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        false
    }

    /// Whether it is remembered.
    pub fn knows(&self, id: Uuid) -> bool {
        self.known.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_lately_is_known_and_what_was_long_ago_is_not() {
        let mut recent = Recent::new(2_000);
        let id = |number: usize| Uuid::from_u128(number as u128);
        assert!(!recent.remember(id(0)));
        assert!(recent.remember(id(0)) && recent.knows(id(0)));
        for number in 1..=2_000 {
            assert!(!recent.remember(id(number)));
        }
        assert!(!recent.knows(id(0)));
        assert_eq!(recent.known.len(), recent.order.len());
    }
}
