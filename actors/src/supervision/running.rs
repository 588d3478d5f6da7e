//! The handle of a tree that runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix::{Arbiter, System};
use tokio::sync::{oneshot, watch};

use super::child::Stop;
use super::error::UnknownChild;
use super::escalation::Escalation;
use super::exit::Exit;
use super::family::Family;
use super::lock::lock;
use super::record::{Phase, Record};
use super::strategy::Restart;
use super::supervisor::{Plan, Request};
use super::tree::Node;

/// The running tree. Clones are handles of the same tree, which goes on when all of them are
/// dropped.
#[derive(Clone)]
pub struct Running {
    shared: Arc<Shared>,
}

struct Shared {
    root: Arc<Record>,
    /// Each record with its supervisor's; the root is its own.
    index: HashMap<String, (Arc<Record>, Arc<Record>)>,
    stop: Mutex<Option<oneshot::Sender<Stop>>>,
    outcome: watch::Receiver<Outcome>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Running,
    Stopped,
    Escalated(Escalation),
}

impl Running {
    /// Supervises on a thread of its own, so that no child can hold it up.
    pub(super) fn start(plan: Arc<Plan>) -> Self {
        let (report, outcome) = watch::channel(Outcome::Running);
        let (stop, stopped) = oneshot::channel();
        let mut index = HashMap::new();
        enter(&mut index, &plan.record, &plan.record);
        let shared = Shared { root: Arc::clone(&plan.record), index, stop: Mutex::new(Some(stop)), outcome };
        let refused = match System::try_current().map(|_| Arbiter::try_new()) {
            Some(Ok(arbiter)) => {
                arbiter.spawn(supervise(plan, stopped, report));
                return Self { shared: Arc::new(shared) };
            }
            Some(Err(error)) => format!("the supervision thread could not be started: {error}"),
            None => "the tree was started on a thread without an actix System".to_owned(),
        };
        plan.retire();
        plan.record.pause(Phase::Failed);
        let path = plan.record.path().to_owned();
        report.send_replace(Outcome::Escalated(Escalation { path, reason: refused }));
        Self { shared: Arc::new(shared) }
    }

    /// What the tree looks like now.
    #[must_use]
    pub fn tree(&self) -> Node {
        Node::of(&self.shared.root)
    }

    /// Whether the tree does what it is there for: it has not given up or stopped, and every
    /// permanent child runs.
    #[must_use]
    pub fn ready(&self) -> bool {
        matches!(*self.shared.outcome.borrow(), Outcome::Running) && runs(&self.shared.root)
    }

    /// Resolves when the root has given up. Pends for ever if it never does, and after
    /// [`Running::stop`].
    pub async fn escalated(&self) -> Escalation {
        let mut outcome = self.shared.outcome.clone();
        loop {
            match &*outcome.borrow_and_update() {
                Outcome::Escalated(escalation) => return escalation.clone(),
                Outcome::Running | Outcome::Stopped => {}
            }
            if outcome.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Restarts a child, or a supervisor with all its children, because an operator asks for it:
    /// whatever its policy and without counting as a failure. Messages that wait stay. Resolves
    /// when it has been started again.
    ///
    /// # Errors
    /// When the tree has no such path.
    pub async fn restart(&self, path: &str) -> Result<(), UnknownChild> {
        let (_, parent) = self.find(path)?;
        let (done, obeyed) = oneshot::channel();
        let request = Request::Restart { path: path.to_owned(), done };
        // A supervisor that is not running is about to start all its children afresh, or has ended
        // for good.
        if let Some(requests) = parent.requests()
            && requests.send(request).is_ok()
        {
            let _ = obeyed.await;
        }
        Ok(())
    }

    /// Fault injection: makes an actor panic inside its own context, as a handler would. An actor
    /// that is not running at the moment is left alone, and so is a supervisor.
    ///
    /// # Errors
    /// When the tree has no such path.
    pub async fn inject_panic(&self, path: &str) -> Result<(), UnknownChild> {
        let (record, _) = self.find(path)?;
        if let Some(incarnation) = record.incarnation() {
            incarnation.inject_panic();
        }
        Ok(())
    }

    /// Stops the tree: children in reverse order, each after it has handled its last messages or
    /// the limit set for it has passed. Resolves when all have ended; calling it again waits for
    /// the same end.
    pub async fn stop(&self) {
        if let Some(stop) = lock(&self.shared.stop).take() {
            let _ = stop.send(Stop::Drain);
        }
        let mut outcome = self.shared.outcome.clone();
        let _ = outcome.wait_for(|outcome| !matches!(outcome, Outcome::Running)).await;
    }

    fn find(&self, path: &str) -> Result<&(Arc<Record>, Arc<Record>), UnknownChild> {
        self.shared.index.get(path).ok_or_else(|| {
            let mut known: Vec<&str> = self.shared.index.keys().map(String::as_str).collect();
            known.sort_unstable();
            UnknownChild { path: path.to_owned(), known: known.join(", ") }
        })
    }
}

/// The whole of the supervision thread's work.
async fn supervise(plan: Arc<Plan>, stopped: oneshot::Receiver<Stop>, report: watch::Sender<Outcome>) {
    let started = Family::start(&plan);
    // The handle may be dropped, but only its `stop` ends the tree.
    let forward = started.stop;
    let ended = started.ended;
    let relay = async move {
        match stopped.await {
            Ok(stop) => {
                let _ = forward.send(stop);
            }
            Err(_) => std::future::pending().await,
        }
        std::future::pending::<()>().await;
    };
    let exit = tokio::select! {
        exit = ended => exit,
        () = relay => Exit::Shutdown,
    };
    plan.retire();
    let path = plan.record.path().to_owned();
    report.send_replace(match exit {
        Exit::Escalated(reason) => Outcome::Escalated(Escalation { path, reason }),
        _ => Outcome::Stopped,
    });
    Arbiter::current().stop();
}

fn enter(index: &mut HashMap<String, (Arc<Record>, Arc<Record>)>, record: &Arc<Record>, parent: &Arc<Record>) {
    index.insert(record.path().to_owned(), (Arc::clone(record), Arc::clone(parent)));
    for child in &record.children {
        enter(index, child, record);
    }
}

fn runs(record: &Record) -> bool {
    record.restart != Restart::Permanent
        || (record.phase() == Phase::Running && record.children.iter().all(|child| runs(child)))
}
