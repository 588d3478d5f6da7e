//! The work that waits for a database thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use super::{Error, Transaction};
use crate::cache::invalidation::Forgotten;

/// What a piece of work asks of the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Keep,
    Undo,
}

/// Hands the caller its answer once the fate of the transaction is known; the caller gets it when what the transaction
/// outdates is forgotten.
pub(super) type Answer = Box<dyn FnOnce(Result<(), Error>, Option<Forgotten>) + Send>;

/// A unit of work: run inside a transaction, then answered after its commit or rollback.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>) -> (Ending, Answer) + Send>;

/// A queue for many producers and a fixed set of threads. Its length is bounded by the mailboxes in front of it.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub fn push(&self, job: Job) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            drop(state);
            let (_, answer) = job(Err(Error::Unavailable("the database is closed".into())));
            answer(Err(Error::Unavailable("the database is closed".into())), None);
            return;
        }
        state.jobs.push_back(job);
        drop(state);
        self.filled.notify_one();
    }

    /// Waits for work and takes up to `most` jobs, in order; `None` once closed and empty.
    pub fn take(&self, most: usize) -> Option<Vec<Job>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = most.min(state.jobs.len());
        Some(state.jobs.drain(..count).collect())
    }

    pub fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.filled.notify_all();
    }
}
