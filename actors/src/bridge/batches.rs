//! Batches: whatever is ready when a batch may begin goes together. Nobody waits for company, so one event that comes
//! alone is a batch of one; the busier the consumer, the larger its batches.

use std::collections::VecDeque;

/// Batches of a consumer under way at the same time: while one waits for the disk, the next is being worked on.
const AT_ONCE: usize = 3;
/// Items in a batch at most: enough that its commit costs an item little, few enough that none waits long for the others.
pub(super) const MOST: usize = 128;

/// Items that are ready, and how many batches are under way.
#[derive(Debug)]
pub(super) struct Batches<T> {
    ready: VecDeque<T>,
    under_way: usize,
}

impl<T> Batches<T> {
    pub fn new() -> Self {
        Self { ready: VecDeque::new(), under_way: 0 }
    }

    /// An item is ready.
    pub fn enter(&mut self, item: T) {
        self.ready.push_back(item);
    }

    /// Whether another batch would be a full one.
    pub fn is_full(&self) -> bool {
        self.ready.len() >= MOST
    }

    /// Begins a batch, if one may begin and there is anything to go with it. Each one is to be ended.
    pub fn begin(&mut self) -> Option<Vec<T>> {
        if self.under_way >= AT_ONCE || self.ready.is_empty() {
            return None;
        }
        self.under_way += 1;
        Some(self.ready.drain(..self.ready.len().min(MOST)).collect())
    }

    /// A batch has ended.
    pub fn end(&mut self) {
        self.under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_that_comes_alone_goes_at_once() {
        let mut batches = Batches::new();
        assert_eq!(batches.begin(), None);
        batches.enter(1);
        assert_eq!(batches.begin(), Some(vec![1]));
    }

    #[test]
    fn what_comes_while_all_batches_are_under_way_goes_together_with_the_next() {
        let mut batches = Batches::new();
        for number in 0..AT_ONCE {
            batches.enter(number);
            assert_eq!(batches.begin(), Some(vec![number]));
        }
        (0..MOST + 5).for_each(|number| batches.enter(number));
        assert_eq!(batches.begin(), None);
        assert!(batches.is_full());
        batches.end();
        assert_eq!(batches.begin(), Some((0..MOST).collect()));
        assert_eq!(batches.begin(), None);
        batches.end();
        assert_eq!(batches.begin(), Some((MOST..MOST + 5).collect()));
    }

    proptest! {
        /// Nothing is lost, nothing overtakes, and there are never too many batches nor too large ones.
        #[test]
        fn all_go_in_order(steps in prop::collection::vec(prop_oneof![Just(None), (0usize..200).prop_map(Some)], 0..60)) {
            let (mut batches, mut under_way, mut entered, mut gone) = (Batches::new(), 0, 0, 0);
            for step in steps {
                match step {
                    Some(arrivals) => (0..arrivals).for_each(|number| batches.enter(entered + number)),
                    None if under_way > 0 => { batches.end(); under_way -= 1; }
                    None => {}
                }
                entered += step.unwrap_or_default();
                while let Some(batch) = batches.begin() {
                    under_way += 1;
                    prop_assert!(under_way <= AT_ONCE && batch.len() <= MOST);
                    prop_assert!(batch.iter().copied().eq(gone..gone + batch.len()));
                    gone += batch.len();
                }
                prop_assert!(gone == entered || under_way == AT_ONCE);
            }
        }
    }
}
