//! The bounded mailbox: it belongs to the supervisor's side, so it is there before its actor and
//! after it.
//!
//! One lock guards the queue and the messages in flight, which makes the bound exact: together they
//! never exceed the capacity, whatever callers do. Nothing of a user runs under the lock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use actix::Actor;
use tokio::sync::Notify;

use super::envelope::Envelope;
use super::error::CallError;
use super::lock::lock;

type Post<A> = Arc<dyn Envelope<A>>;

/// Messages for one child, waiting and in flight.
pub(super) struct Mailbox<A: Actor> {
    name: &'static str,
    capacity: usize,
    concurrency: usize,
    content: Mutex<Content<A>>,
    emptied: Notify,
}

struct Content<A: Actor> {
    /// In order of their ids, which never repeat.
    waiting: VecDeque<(u64, Post<A>)>,
    in_flight: HashMap<u64, Post<A>>,
    next_id: u64,
    /// The incarnation that may take messages; an earlier one, still running on an abandoned
    /// thread, may not.
    generation: u64,
    open: bool,
    handled: u64,
    reader: Option<Waker>,
}

impl<A: Actor> Content<A> {
    fn occupancy(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// True when someone may wait for the last message, and it was the last.
    fn is_drained(&self) -> bool {
        !self.open && self.occupancy() == 0
    }
}

/// What a snapshot shows of a mailbox.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) waiting: usize,
    pub(super) in_flight: usize,
    pub(super) capacity: usize,
    pub(super) handled: u64,
}

/// A mailbox whatever its actor.
pub(super) trait Gauge: Send + Sync {
    fn level(&self) -> Level;
}

impl<A: Actor> Gauge for Mailbox<A> {
    fn level(&self) -> Level {
        let content = lock(&self.content);
        Level {
            waiting: content.waiting.len(),
            in_flight: content.in_flight.len(),
            capacity: self.capacity,
            handled: content.handled,
        }
    }
}

impl<A: Actor> Mailbox<A> {
    pub(super) fn new(name: &'static str, capacity: usize, concurrency: usize) -> Self {
        let content = Content {
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
            next_id: 0,
            generation: 0,
            open: true,
            handled: 0,
            reader: None,
        };
        Self {
            name,
            capacity: capacity.max(1),
            concurrency: concurrency.max(1),
            content: Mutex::new(content),
            emptied: Notify::new(),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Puts a message at the end of the queue and says which number it got.
    pub(super) fn push(&self, post: Post<A>) -> Result<u64, CallError> {
        let mut content = lock(&self.content);
        if !content.open {
            return Err(self.stopped());
        }
        if content.occupancy() >= self.capacity {
            return Err(CallError::Overloaded { actor: self.name.to_owned(), capacity: self.capacity });
        }
        let id = content.next_id;
        content.next_id += 1;
        content.waiting.push_back((id, post));
        // A reader that has no place for another message is woken when one lands.
        let reader = if content.in_flight.len() < self.concurrency { content.reader.take() } else { None };
        drop(content);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(id)
    }

    /// The next message that someone waits for, for the incarnation `generation`; otherwise
    /// remembers whom to wake.
    pub(super) fn take(&self, generation: u64, reader: &Waker) -> Option<(u64, Post<A>)> {
        let mut forsaken = Vec::new();
        let mut content = lock(&self.content);
        if content.generation != generation {
            return None;
        }
        while content.in_flight.len() < self.concurrency {
            let Some((id, post)) = content.waiting.pop_front() else {
                break;
            };
            if post.is_forsaken() {
                forsaken.push(post);
                continue;
            }
            content.in_flight.insert(id, Arc::clone(&post));
            drop(content);
            return Some((id, post));
        }
        if !content.reader.as_ref().is_some_and(|known| known.will_wake(reader)) {
            content.reader = Some(reader.clone());
        }
        let emptied = content.is_drained();
        drop(content);
        if emptied {
            self.emptied.notify_waiters();
        }
        None
    }

    /// Frees the place of a message in flight. Does nothing when the message was given up before.
    pub(super) fn land(&self, id: u64, answered: bool) {
        let mut content = lock(&self.content);
        let Some(post) = content.in_flight.remove(&id) else {
            return;
        };
        content.handled += u64::from(answered);
        let reader = if content.waiting.is_empty() { None } else { content.reader.take() };
        let emptied = content.is_drained();
        drop(content);
        drop(post);
        if let Some(reader) = reader {
            reader.wake();
        }
        if emptied {
            self.emptied.notify_waiters();
        }
    }

    /// Takes back a message whose caller has gone, if its handling has not begun.
    pub(super) fn withdraw(&self, id: u64) {
        let mut content = lock(&self.content);
        let found = content.waiting.binary_search_by_key(&id, |(id, _)| *id).ok();
        let withdrawn = found.and_then(|index| content.waiting.remove(index));
        let emptied = content.is_drained();
        drop(content);
        drop(withdrawn);
        if emptied {
            self.emptied.notify_waiters();
        }
    }

    /// Opens the mailbox for a new incarnation and returns its generation.
    pub(super) fn renew(&self) -> u64 {
        let mut content = lock(&self.content);
        content.open = true;
        content.generation += 1;
        content.reader = None;
        content.generation
    }

    /// Gives up what is in flight with a thread that does not answer: callers get `error`, the
    /// places are free again.
    pub(super) fn give_up(&self, error: &CallError) {
        let mut content = lock(&self.content);
        content.generation += 1;
        content.reader = None;
        let lost = std::mem::take(&mut content.in_flight);
        drop(content);
        for post in lost.into_values() {
            post.refuse(error.clone());
        }
    }

    /// Takes no new messages; those inside stay.
    pub(super) fn close(&self) {
        lock(&self.content).open = false;
    }

    /// Takes no new messages and answers all that wait.
    pub(super) fn dismiss(&self) {
        let mut content = lock(&self.content);
        content.open = false;
        let waiting = std::mem::take(&mut content.waiting);
        drop(content);
        for (_, post) in waiting {
            post.refuse(self.stopped());
        }
    }

    /// Resolves when nothing waits and nothing is in flight in the closed mailbox.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if lock(&self.content).occupancy() == 0 {
                return;
            }
            emptied.await;
        }
    }

    pub(super) fn stopped(&self) -> CallError {
        CallError::Stopped { actor: self.name.to_owned() }
    }
}
