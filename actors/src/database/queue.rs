//! The work that waits for a database thread.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::{Error, Transaction};
use crate::cache::invalidation::Forgotten;

/// What a piece of work asks of the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Keep,
    Undo,
}

/// Hands the caller its answer once the fate of the transaction is known, or matters to nobody; the caller gets it when what
/// the transaction outdates is forgotten.
pub(super) type Answer = Box<dyn FnOnce(Result<(), Error>, Option<Forgotten>) + Send>;

/// Where the plans of a transaction's statements come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plans {
    /// They may be those of earlier executions, which take no time and may be seconds old.
    Kept,
    /// They are made for what the tables hold now, in about a millisecond each: for work whose tables may have grown from
    /// nothing to very much a moment ago.
    Fresh,
}

/// What kind of transaction work needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// On disk before it is answered.
    Durable,
    /// Answered before it is on disk.
    Repeatable(Plans),
    /// Reads a snapshot, and is answered before that ends.
    Snapshot,
}

/// What a job does with its transaction, or without one, and how it answers.
pub(super) type Work = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>) -> (Ending, Answer) + Send>;

/// A unit of work: run inside a transaction and answered after its commit or rollback; before, if it only reads.
pub(super) struct Job {
    pub manner: Manner,
    /// Locks that it begins with.
    pub keys: Vec<i64>,
    pub work: Work,
}

/// A queue for many producers and a fixed set of threads. Its length is bounded by the mailboxes in front of it.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
    /// The threads without work. The last to come is the first to go: when there is little to do the same few connections
    /// do it, and the others need not even be open.
    idle: Vec<Arc<Condvar>>,
}

impl Queue {
    pub fn push(&self, job: Job) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            drop(state);
            let (_, answer) = (job.work)(Err(Error::Unavailable("the database is closed".into())));
            answer(Err(Error::Unavailable("the database is closed".into())), None);
            return;
        }
        state.jobs.push_back(job);
        let idle = state.idle.pop();
        drop(state);
        if let Some(idle) = idle {
            idle.notify_one();
        }
    }

    /// Waits for work and takes up to `most` jobs, in order; `None` once closed and empty. Each thread waits with a bell of
    /// its own.
    pub fn take(&self, most: usize, bell: &Arc<Condvar>) -> Option<Vec<Job>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            // One that wakes for nothing stands there already.
            state.idle.retain(|idle| !Arc::ptr_eq(idle, bell));
            state.idle.push(Arc::clone(bell));
            state = bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle.retain(|idle| !Arc::ptr_eq(idle, bell));
        let count = most.min(state.jobs.len());
        Some(state.jobs.drain(..count).collect())
    }

    pub fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.idle.drain(..).for_each(|idle| idle.notify_one());
    }
}
