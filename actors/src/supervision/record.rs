//! The book the supervision keeps about each node of the tree. Supervisors and incarnations write,
//! snapshots read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::exit::Exit;
use super::incarnation::Incarnation;
use super::lock::lock;
use super::mailbox::Gauge;
use super::strategy::{Restart, Strategy};
use super::supervisor::Request;

/// Restarts that a record remembers with their reasons.
pub(super) const REMEMBERED: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Running,
    Restarting(Instant),
    Frozen,
    Stopped,
    Failed,
}

/// One node's book.
pub(super) struct Record {
    pub(super) name: &'static str,
    pub(super) restart: Restart,
    /// Only a supervisor has one.
    pub(super) strategy: Option<Strategy>,
    pub(super) gauge: Option<Arc<dyn Gauge>>,
    pub(super) children: Vec<Arc<Record>>,
    path: OnceLock<String>,
    page: Mutex<Page>,
}

/// The part that changes.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) phase: Phase,
    pub(super) running_since: Option<Instant>,
    pub(super) restarts: VecDeque<(Instant, String)>,
    pub(super) restart_count: u64,
    pub(super) panics: u64,
    pub(super) last_error: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) degraded: bool,
    generation: u64,
    incarnation: Weak<Incarnation>,
    requests: Option<UnboundedSender<Request>>,
}

impl Record {
    pub(super) fn new(
        name: &'static str,
        restart: Restart,
        strategy: Option<Strategy>,
        gauge: Option<Arc<dyn Gauge>>,
        children: Vec<Arc<Self>>,
    ) -> Self {
        let page = Page {
            phase: Phase::Starting,
            running_since: None,
            restarts: VecDeque::new(),
            restart_count: 0,
            panics: 0,
            last_error: None,
            detail: None,
            degraded: false,
            generation: 0,
            incarnation: Weak::new(),
            requests: None,
        };
        Self { name, restart, strategy, gauge, children, path: OnceLock::new(), page: Mutex::new(page) }
    }

    /// Names of the node and its ancestors, root first, joined by `/`.
    pub(super) fn path(&self) -> &str {
        self.path.get().map_or(self.name, String::as_str)
    }

    /// Gives this node and all below their paths. Of siblings with one name, later ones are
    /// numbered.
    pub(super) fn settle_paths(&self, path: String) {
        for (index, child) in self.children.iter().enumerate() {
            let namesakes = self.children[..index].iter().filter(|other| other.name == child.name).count();
            let suffix = if namesakes == 0 { String::new() } else { format!("-{}", namesakes + 1) };
            child.settle_paths(format!("{path}/{}{suffix}", child.name));
        }
        let _ = self.path.set(path);
    }

    pub(super) fn page(&self) -> Page {
        lock(&self.page).clone()
    }

    pub(super) fn phase(&self) -> Phase {
        lock(&self.page).phase
    }

    pub(super) fn incarnation(&self) -> Option<Arc<Incarnation>> {
        lock(&self.page).incarnation.upgrade()
    }

    pub(super) fn requests(&self) -> Option<UnboundedSender<Request>> {
        lock(&self.page).requests.clone()
    }

    /// A new incarnation of an actor begins.
    pub(super) fn begin(&self, incarnation: &Arc<Incarnation>) {
        let mut page = lock(&self.page);
        page.generation = incarnation.generation();
        page.incarnation = Arc::downgrade(incarnation);
        page.phase = Phase::Starting;
        page.running_since = None;
        page.detail = None;
        page.degraded = false;
    }

    /// The incarnation `generation` of an actor has started.
    pub(super) fn running(&self, generation: u64) {
        let mut page = lock(&self.page);
        if page.generation == generation && page.phase == Phase::Starting {
            page.phase = Phase::Running;
            page.running_since = Some(Instant::now());
        }
    }

    /// A supervisor runs and takes requests.
    pub(super) fn supervises(&self, requests: UnboundedSender<Request>) {
        let mut page = lock(&self.page);
        page.phase = Phase::Running;
        page.running_since = Some(Instant::now());
        page.requests = Some(requests);
    }

    pub(super) fn note(&self, generation: u64, detail: Option<String>) {
        let mut page = lock(&self.page);
        if page.generation == generation {
            page.detail = detail;
        }
    }

    pub(super) fn degraded(&self, generation: u64, degraded: bool) {
        let mut page = lock(&self.page);
        if page.generation == generation {
            page.degraded = degraded;
        }
    }

    /// The node is not running any more, or not yet again.
    pub(super) fn pause(&self, phase: Phase) {
        let mut page = lock(&self.page);
        page.phase = phase;
        page.running_since = None;
    }

    /// Counts a panic that cost a message but not the actor.
    pub(super) fn panicked(&self, exit: &Exit) {
        let mut page = lock(&self.page);
        page.panics += 1;
        page.last_error = Some(exit.to_string());
    }

    /// The node has ended by itself.
    pub(super) fn ended(&self, exit: &Exit) {
        let mut page = lock(&self.page);
        page.panics += u64::from(matches!(exit, Exit::Panicked(_)));
        if exit.is_abnormal() {
            page.last_error = Some(exit.to_string());
        }
    }

    /// The node will be restarted for this reason.
    pub(super) fn count_restart(&self, reason: String) {
        let mut page = lock(&self.page);
        page.restart_count += 1;
        if page.restarts.len() == REMEMBERED {
            page.restarts.pop_front();
        }
        page.restarts.push_back((Instant::now(), reason));
    }
}
