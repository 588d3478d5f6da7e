//! When which deliveries are acknowledged.
//!
//! One acknowledgement covers everything up to a delivery, so it may only be sent for a prefix that is settled without
//! a gap. It is sent once enough is settled, or shortly after the first. What is settled behind a delivery that takes
//! long is acknowledged one by one, so that one slow delivery does not use up the whole prefetch window.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many settled deliveries are acknowledged without waiting for more.
const BATCH: usize = 50;
/// How long a settled delivery waits for others.
const GATHERING: Duration = Duration::from_millis(5);
/// How long a delivery may hold up those behind it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a rejected delivery rests before it goes back, because the broker hands it out again at once.
const REST: Duration = Duration::from_millis(200);

/// What to tell the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// This delivery, or everything up to it, is handled.
    Ack { tag: u64, multiple: bool },
    /// This delivery goes back into the queue.
    Requeue { tag: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Out,
    Settled,
    Rejected(Instant),
    /// The broker knows.
    Told,
}

#[derive(Debug)]
struct Entry {
    tag: u64,
    since: Instant,
    state: State,
}

/// The deliveries of one channel that the broker counts as unacknowledged.
#[derive(Debug, Default)]
pub(super) struct Acknowledger {
    entries: VecDeque<Entry>,
    settled: usize,
    /// Since when something settled waits.
    settled_since: Option<Instant>,
    rejected: VecDeque<u64>,
}

impl Acknowledger {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes note of a delivery. `false` when its tag does not follow the others, which no sound broker does.
    #[must_use]
    pub(super) fn delivered(&mut self, tag: u64, now: Instant) -> bool {
        let follows = self.entries.back().is_none_or(|last| last.tag < tag);
        if follows {
            self.entries.push_back(Entry { tag, since: now, state: State::Out });
        }
        follows
    }

    /// A delivery is handled. Unknown tags and repeats change nothing.
    pub(super) fn settle(&mut self, tag: u64, now: Instant) {
        if self.change(tag, State::Settled) {
            self.settled += 1;
            self.settled_since.get_or_insert(now);
        }
    }

    /// A delivery has to be handed out again.
    pub(super) fn reject(&mut self, tag: u64, now: Instant) {
        if self.change(tag, State::Rejected(now)) {
            self.rejected.push_back(tag);
        }
    }

    /// When there is something to tell the broker.
    pub(super) fn due(&self) -> Option<Instant> {
        let settled = self.settled_since.and_then(|since| {
            let head = self.entries.front()?;
            Some(match head.state {
                State::Settled if self.settled >= BATCH => since,
                State::Settled => since + GATHERING,
                _ => (since + GATHERING).max(head.since + PATIENCE),
            })
        });
        settled.into_iter().chain(self.rest_ends()).min()
    }

    /// What to tell the broker now, in this order.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.rest_ends().is_some_and(|end| end <= now) {
            if let Some(tag) = self.rejected.pop_front()
                && let Some(index) = self.index(tag)
            {
                self.entries[index].state = State::Told;
                commands.push(Command::Requeue { tag });
            }
        }
        self.trim();
        if self.due().is_some_and(|due| due <= now) {
            commands.extend(self.prefix());
        }
        if self.entries.front().is_some_and(|head| head.since + PATIENCE <= now) {
            self.one_by_one(&mut commands);
        }
        if self.settled == 0 {
            self.settled_since = None;
        }
        commands
    }

    fn prefix(&mut self) -> Option<Command> {
        let (mut last, mut count) = (None, 0);
        while let Some(head) = self.entries.front()
            && matches!(head.state, State::Settled | State::Told)
        {
            if head.state == State::Settled {
                (last, count) = (Some(head.tag), count + 1);
            }
            self.entries.pop_front();
        }
        self.settled -= count;
        last.map(|tag| Command::Ack { tag, multiple: count > 1 })
    }

    fn one_by_one(&mut self, commands: &mut Vec<Command>) {
        if self.settled == 0 {
            return;
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.state == State::Settled) {
            entry.state = State::Told;
            commands.push(Command::Ack { tag: entry.tag, multiple: false });
        }
        self.settled = 0;
        self.trim();
    }

    fn rest_ends(&self) -> Option<Instant> {
        let index = self.index(*self.rejected.front()?)?;
        if let State::Rejected(since) = self.entries[index].state { Some(since + REST) } else { None }
    }

    fn change(&mut self, tag: u64, state: State) -> bool {
        let Some(index) = self.index(tag) else { return false };
        let out = self.entries[index].state == State::Out;
        if out {
            self.entries[index].state = state;
        }
        out
    }

    fn index(&self, tag: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&tag, |entry| entry.tag).ok()
    }

    fn trim(&mut self) {
        while self.entries.front().is_some_and(|head| head.state == State::Told) {
            self.entries.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
