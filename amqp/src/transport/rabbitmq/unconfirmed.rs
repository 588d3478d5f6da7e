//! The publishes that the broker has not confirmed yet.
//!
//! The client library hands a returned message over with *some* confirmation, mostly but not always with its own. What
//! is certain: the broker returns a message before it confirms it; returned messages wait in one line; and each
//! confirmation takes the first one out of that line, if there is one. So a publish whose confirmation carries nothing
//! has already been named by an earlier confirmation, if it was returned at all; and one whose confirmation carries a
//! stranger is in doubt until the line is known to have been empty, or everything is confirmed.

use std::collections::VecDeque;
use std::time::Instant;

use uuid::Uuid;

/// How a publish ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A queue has it.
    Confirmed,
    /// The broker would not take it.
    Refused,
    /// No queue wanted it.
    Unroutable,
}

/// One confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Confirmed {
    /// The number of the publish.
    pub(super) number: u64,
    /// Whether the confirmation is negative.
    pub(super) refused: bool,
    /// The returned message that the confirmation carries, by its message id.
    pub(super) returned: Option<Uuid>,
}

#[derive(Debug)]
struct Entry<W> {
    message_id: Uuid,
    at: Instant,
    returned: bool,
    waiting: W,
}

impl<W> Entry<W> {
    fn outcome(&self) -> Outcome {
        if self.returned { Outcome::Unroutable } else { Outcome::Confirmed }
    }
}

/// What is unconfirmed, in the order of publishing; `W` is whoever waits.
#[derive(Debug)]
pub(super) struct Unconfirmed<W> {
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<Option<Entry<W>>>,
    count: usize,
    doubtful: Vec<Entry<W>>,
}

impl<W> Unconfirmed<W> {
    pub(super) fn new() -> Self {
        Self { first: 0, entries: VecDeque::new(), count: 0, doubtful: Vec::new() }
    }

    /// Adds a publish and returns its number.
    pub(super) fn add(&mut self, message_id: Uuid, at: Instant, waiting: W) -> u64 {
        self.entries.push_back(Some(Entry { message_id, at, returned: false, waiting }));
        self.count += 1;
        self.first + self.entries.len() as u64 - 1
    }

    pub(super) fn len(&self) -> usize {
        self.count + self.doubtful.len()
    }

    /// When the oldest one was published.
    pub(super) fn oldest(&self) -> Option<Instant> {
        let entry = self.entries.front().and_then(Option::as_ref);
        self.doubtful.first().into_iter().chain(entry).map(|entry| entry.at).min()
    }

    /// Takes note of confirmations. `batch` must hold everything that was confirmed before its last member and has not
    /// been handed over before, in any order. `resolve` learns how a publish ended, and when it was made.
    pub(super) fn settle(&mut self, batch: &[Confirmed], mut resolve: impl FnMut(W, Outcome, Instant)) {
        for message_id in batch.iter().filter_map(|confirmed| confirmed.returned) {
            self.mark_returned(message_id);
        }
        if batch.iter().any(|confirmed| confirmed.returned.is_none()) {
            self.end_doubts(&mut resolve);
        }
        for confirmed in batch {
            let Some(entry) = self.take(confirmed.number) else { continue };
            match confirmed.returned {
                _ if confirmed.refused => resolve(entry.waiting, Outcome::Refused, entry.at),
                Some(stranger) if !entry.returned && stranger != entry.message_id => self.doubtful.push(entry),
                _ => {
                    let outcome = entry.outcome();
                    resolve(entry.waiting, outcome, entry.at);
                }
            }
        }
        if self.count == 0 {
            self.end_doubts(&mut resolve);
        }
        self.trim();
    }

    /// Gives up on everything.
    pub(super) fn abandon(&mut self, mut resolve: impl FnMut(W)) {
        self.first += self.entries.len() as u64;
        self.count = 0;
        let entries = self.entries.drain(..).flatten();
        self.doubtful.drain(..).chain(entries).for_each(|entry| resolve(entry.waiting));
    }

    fn mark_returned(&mut self, message_id: Uuid) {
        let all = self.doubtful.iter_mut().chain(self.entries.iter_mut().flatten());
        // An event that is published twice at a time is returned twice, or not at all.
        if let Some(entry) = all.into_iter().find(|entry| entry.message_id == message_id && !entry.returned) {
            entry.returned = true;
        }
    }

    fn end_doubts(&mut self, resolve: &mut impl FnMut(W, Outcome, Instant)) {
        for entry in self.doubtful.drain(..) {
            let outcome = entry.outcome();
            resolve(entry.waiting, outcome, entry.at);
        }
    }

    fn take(&mut self, number: u64) -> Option<Entry<W>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(index)?.take()?;
        self.count -= 1;
        Some(entry)
    }

    fn trim(&mut self) {
        while let Some(None) = self.entries.front() {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests;
