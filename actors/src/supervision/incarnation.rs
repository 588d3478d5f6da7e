//! One life of an actor between two restarts, as both sides see it: its own thread and its
//! supervisor's.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::exit::Exit;
use super::lock::lock;
use super::record::Record;

/// What the incarnation shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Live,
    /// End in order: `stopping` and `stopped` run.
    Halt,
    /// End at once: nothing of the actor runs but its `Drop`.
    Kill,
}

/// The shared state of one incarnation.
pub(super) struct Incarnation {
    generation: u64,
    record: Arc<Record>,
    order: AtomicU8,
    inject: AtomicBool,
    heartbeats_asked: AtomicU64,
    heartbeats_answered: AtomicU64,
    task: AtomicWaker,
    fate: Mutex<Option<Exit>>,
}

impl Incarnation {
    pub(super) fn new(generation: u64, record: Arc<Record>) -> Self {
        Self {
            generation,
            record,
            order: AtomicU8::new(0),
            inject: AtomicBool::new(false),
            // The first heartbeat is asked for by being born: an actor may freeze before it ever
            // runs.
            heartbeats_asked: AtomicU64::new(1),
            heartbeats_answered: AtomicU64::new(0),
            task: AtomicWaker::new(),
            fate: Mutex::new(None),
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    pub(super) fn order(&self) -> Order {
        match self.order.load(Ordering::Acquire) {
            0 => Order::Live,
            1 => Order::Halt,
            _ => Order::Kill,
        }
    }

    /// Orders an end for the reason `exit`, unless there is a reason already.
    pub(super) fn end(&self, order: Order, exit: Exit) {
        self.settle(exit);
        self.order.fetch_max(order as u8, Ordering::AcqRel);
        self.task.wake();
    }

    /// Why it ended, or is about to.
    pub(super) fn fate(&self) -> Option<Exit> {
        lock(&self.fate).clone()
    }

    /// Decides the fate if it is still open, and returns it.
    pub(super) fn settle(&self, exit: Exit) -> Exit {
        lock(&self.fate).get_or_insert(exit).clone()
    }

    /// Called by the incarnation's task whenever it runs.
    pub(super) fn runs_in(&self, waker: &Waker) {
        self.task.register(waker);
    }

    /// Asks for a sign of life; false when the last question is still unanswered.
    pub(super) fn ask_heartbeat(&self) -> bool {
        let asked = self.heartbeats_asked.load(Ordering::Acquire);
        if self.heartbeats_answered.load(Ordering::Acquire) < asked {
            return false;
        }
        self.heartbeats_asked.store(asked + 1, Ordering::Release);
        self.task.wake();
        true
    }

    /// Gives the sign of life, from inside the actor's context.
    pub(super) fn answer_heartbeat(&self) {
        let asked = self.heartbeats_asked.load(Ordering::Acquire);
        if self.heartbeats_answered.swap(asked, Ordering::AcqRel) == 0 {
            self.record.running(self.generation);
        }
    }

    /// Makes the actor panic the next time its context runs.
    pub(super) fn inject_panic(&self) {
        self.inject.store(true, Ordering::Release);
        self.task.wake();
    }

    pub(super) fn takes_injected_panic(&self) -> bool {
        self.inject.load(Ordering::Relaxed) && self.inject.swap(false, Ordering::AcqRel)
    }
}
