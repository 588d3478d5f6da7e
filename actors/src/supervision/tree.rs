//! What the tree looks like from outside.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::record::{Phase, Record};
use super::strategy::{Restart, Strategy};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Has children and no mailbox.
    Supervisor,
    /// Has a mailbox and no children.
    Actor,
}

/// What a node does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its factory or `started` runs.
    Starting,
    /// It handles messages, or its children.
    Running,
    /// It has ended and will be started again.
    Restarting {
        /// Milliseconds until then.
        in_ms: u64,
    },
    /// It does not answer heartbeats and is being replaced.
    Frozen,
    /// It has ended, in order, and will not be started again.
    Stopped,
    /// It has ended, abnormally, and will not be started again by its supervisor.
    Failed,
}

/// How full a mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MailboxLevel {
    /// Messages that wait.
    pub depth: usize,
    /// Messages it may hold, waiting and in flight together.
    pub capacity: usize,
}

/// A restart that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restarted {
    /// How long ago it was decided, in milliseconds.
    pub ago_ms: u64,
    /// Why.
    pub reason: String,
}

/// A snapshot of one node and all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Names from the root to this node, joined by `/`.
    pub path: String,
    /// Its own name.
    pub name: String,
    /// Supervisor or actor.
    pub kind: Kind,
    /// What it does at the moment.
    pub state: State,
    /// When its supervisor restarts it.
    pub restart: Restart,
    /// A supervisor's strategy.
    pub strategy: Option<Strategy>,
    /// An actor's mailbox.
    pub mailbox: Option<MailboxLevel>,
    /// Messages being handled.
    pub in_flight: usize,
    /// Messages that were handled to an answer, over all incarnations.
    pub handled: u64,
    /// Restarts so far.
    pub restart_count: u64,
    /// The last ten of them, oldest first.
    pub restarts: Vec<Restarted>,
    /// Panics so far, of the actor and of single messages.
    pub panics: u64,
    /// The last abnormal end or panic.
    pub last_error: Option<String>,
    /// Milliseconds since it last began to run; absent while it does not.
    pub uptime_ms: Option<u64>,
    /// What the actor says about itself.
    pub detail: Option<String>,
    /// Whether the actor says that it works less well than it should.
    pub degraded: bool,
    /// A supervisor's children, in order.
    pub children: Vec<Self>,
}

impl Node {
    pub(super) fn of(record: &Record) -> Self {
        let now = Instant::now();
        let page = record.page();
        let level = record.gauge.as_ref().map(|gauge| gauge.level());
        let restarts = page.restarts.into_iter();
        Self {
            path: record.path().to_owned(),
            name: record.name.to_owned(),
            kind: if record.strategy.is_some() { Kind::Supervisor } else { Kind::Actor },
            state: state_of(page.phase, now),
            restart: record.restart,
            strategy: record.strategy,
            mailbox: level.map(|level| MailboxLevel { depth: level.waiting, capacity: level.capacity }),
            in_flight: level.map_or(0, |level| level.in_flight),
            handled: level.map_or(0, |level| level.handled),
            restart_count: page.restart_count,
            restarts: restarts
                .map(|(at, reason)| Restarted { ago_ms: millis(now.saturating_duration_since(at)), reason })
                .collect(),
            panics: page.panics,
            last_error: page.last_error,
            uptime_ms: page.running_since.map(|since| millis(now.saturating_duration_since(since))),
            detail: page.detail,
            degraded: page.degraded,
            children: record.children.iter().map(|child| Self::of(child)).collect(),
        }
    }

    /// The node at `path`, if it is this one or below it.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Self> {
        if self.path == path { Some(self) } else { self.children.iter().find_map(|child| child.find(path)) }
    }
}

fn state_of(phase: Phase, now: Instant) -> State {
    match phase {
        Phase::Starting => State::Starting,
        Phase::Running => State::Running,
        Phase::Restarting(due) => State::Restarting { in_ms: millis(due.saturating_duration_since(now)) },
        Phase::Frozen => State::Frozen,
        Phase::Stopped => State::Stopped,
        Phase::Failed => State::Failed,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
