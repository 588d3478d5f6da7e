//! What a process took in lately.

use std::collections::{HashSet, VecDeque};

use amqp::{Content, Delivery};
use uuid::Uuid;

/// Events that are remembered; more than a consumer can hold unsettled.
const CAPACITY: usize = 2_000;

/// The events a consumer took in last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<Uuid>,
    known: HashSet<Uuid>,
}

impl Recent {
    /// Whether this delivery may have killed a process: it was handed out before, and not to this one. Remembers it.
    pub fn is_suspect(&mut self, delivery: &Delivery) -> bool {
        match delivery.content() {
            Content::Event(event) => !self.remember(event.event_id) && delivery.redelivered(),
            Content::Unreadable { .. } => false,
        }
    }

    /// Whether it was known.
    fn remember(&mut self, event_id: Uuid) -> bool {
        if !self.known.insert(event_id) {
            return true;
        }
        self.order.push_back(event_id);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_in_lately_is_known_and_what_was_long_ago_is_not() {
        let mut recent = Recent::default();
        let id = |number: usize| Uuid::from_u128(number as u128);
        assert!(!recent.remember(id(0)));
        assert!(recent.remember(id(0)));
        for number in 1..=CAPACITY {
            assert!(!recent.remember(id(number)));
        }
        assert!(!recent.remember(id(0)));
        assert_eq!(recent.known.len(), recent.order.len());
    }
}
