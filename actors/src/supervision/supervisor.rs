//! Describes a supervisor: its children and its rules.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::backoff::Backoff;
use super::child::{ChildSpec, Started, Unit};
use super::family::Family;
use super::intensity::Intensity;
use super::record::Record;
use super::running::Running;
use super::strategy::{Restart, Strategy};

/// What an operator may ask of a running supervisor.
pub(super) enum Request {
    /// Restart the child at this path, or the whole supervisor if the path is its own.
    Restart { path: String, done: oneshot::Sender<()> },
}

/// Settings of a supervisor; [`supervisor`] begins one.
pub struct SupervisorBuilder {
    name: &'static str,
    strategy: Strategy,
    intensity: Intensity,
    backoff: Backoff,
    units: Vec<Box<dyn Unit>>,
}

/// Begins the description of a supervisor called `name`.
#[must_use]
pub fn supervisor(name: &'static str) -> SupervisorBuilder {
    SupervisorBuilder {
        name,
        strategy: Strategy::default(),
        intensity: Intensity::default(),
        backoff: Backoff::default(),
        units: Vec::new(),
    }
}

impl SupervisorBuilder {
    /// Whom to restart together; by default [`Strategy::OneForOne`].
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How many restarts are too many; by default more than 5 within 30 s.
    #[must_use]
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = intensity;
        self
    }

    /// How long to wait before a restart; by default up to 100 ms, doubling to 30 s.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Adds a child. Children start in the order they are added, and stop in the reverse one.
    #[must_use]
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.units.push(child.0);
        self
    }

    /// Adds a supervisor as a permanent child.
    #[must_use]
    pub fn supervisor(mut self, supervisor: Self) -> Self {
        self.units.push(Box::new(Branch(Arc::new(supervisor.plan()))));
        self
    }

    /// Starts the tree. If the calling thread belongs to no actix `System`, whose arbiters the
    /// children need, the tree escalates at once.
    #[must_use]
    pub fn start(self) -> Running {
        let plan = self.plan();
        plan.record.settle_paths(plan.record.name.to_owned());
        Running::start(Arc::new(plan))
    }

    fn plan(self) -> Plan {
        let children = self.units.iter().map(|unit| Arc::clone(unit.record())).collect();
        let record = Record::new(self.name, Restart::Permanent, Some(self.strategy), None, children);
        Plan {
            record: Arc::new(record),
            strategy: self.strategy,
            intensity: self.intensity,
            backoff: self.backoff,
            units: self.units,
        }
    }
}

/// A supervisor as it was described; each of its lives follows it anew.
pub(super) struct Plan {
    pub(super) record: Arc<Record>,
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) backoff: Backoff,
    pub(super) units: Vec<Box<dyn Unit>>,
}

impl Plan {
    /// Nothing of the supervisor will run again, except for an operator.
    pub(super) fn retire(&self) {
        for unit in self.units.iter().rev() {
            unit.retire();
        }
    }
}

struct Branch(Arc<Plan>);

impl Unit for Branch {
    fn record(&self) -> &Arc<Record> {
        &self.0.record
    }

    fn start(&self) -> Started {
        Family::start(&self.0)
    }

    fn dismiss(&self) {
        for unit in self.0.units.iter().rev() {
            unit.dismiss();
        }
    }

    fn retire(&self) {
        self.0.retire();
    }
}
