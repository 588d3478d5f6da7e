//! Describes an actor to its supervisor.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Arbiter, Context};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::address::Address;
use super::error::BoxError;
use super::exit::Exit;
use super::life::Life;
use super::lock::lock;
use super::mailbox::{Gauge, Mailbox};
use super::record::Record;
use super::strategy::Restart;
use super::warden;

/// Makes a fresh actor for each incarnation, on the actor's own thread.
pub(super) type Factory<A> = dyn Fn(&Life) -> Result<A, BoxError> + Send + Sync;

/// How a supervisor stops one of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// To be restarted: what is in flight may go on, what waits stays.
    Now,
    /// For good: what is in flight and what waits is handled first, up to a limit.
    Drain,
}

/// Something a supervisor starts, and starts again.
pub(super) trait Unit: Send + Sync {
    fn record(&self) -> &Arc<Record>;
    /// Starts it at once; the future of the result must be polled for it to be watched.
    fn start(&self) -> Started;
    /// It has ended and only an operator may start it again: what waits is answered, what is in
    /// flight may finish.
    fn dismiss(&self);
    /// The same without patience: its thread ends now.
    fn retire(&self);
}

/// A unit that runs.
pub(super) struct Started {
    pub(super) stop: oneshot::Sender<Stop>,
    pub(super) ended: BoxFuture<'static, Exit>,
}

/// A child as a supervisor takes it, from [`ChildBuilder::build`].
pub struct ChildSpec(pub(super) Box<dyn Unit>);

/// Settings of a child; [`child`] begins one.
pub struct ChildBuilder<A: Actor> {
    name: &'static str,
    factory: Arc<Factory<A>>,
    mailbox: usize,
    concurrency: usize,
    restart: Restart,
    freeze_after: Duration,
    drain_within: Duration,
}

/// Begins the description of a child called `name`, whose every incarnation `factory` makes.
pub fn child<A, F>(name: &'static str, factory: F) -> ChildBuilder<A>
where
    F: Fn(&Life) -> Result<A, BoxError> + Send + Sync + 'static,
    A: Actor<Context = Context<A>>,
{
    ChildBuilder {
        name,
        factory: Arc::new(factory),
        mailbox: 1024,
        concurrency: usize::MAX,
        restart: Restart::Permanent,
        freeze_after: Duration::from_secs(5),
        drain_within: Duration::from_secs(5),
    }
}

impl<A: Actor<Context = Context<A>>> ChildBuilder<A> {
    /// Messages the mailbox may hold, waiting and in flight together; at least 1, by default 1,024.
    #[must_use]
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.mailbox = capacity;
        self
    }

    /// Messages that may be in flight at once; with 1 each is handled to its end before the next.
    /// By default only the mailbox bounds them.
    #[must_use]
    pub fn concurrency(mut self, messages: usize) -> Self {
        self.concurrency = messages;
        self
    }

    /// When to restart; by default [`Restart::Permanent`].
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How long the actor may leave heartbeats unanswered, by blocking its thread or its context,
    /// before it is replaced; by default 5 s. Its factory and `started` must be done by then as
    /// well.
    #[must_use]
    pub fn freeze_after(mut self, limit: Duration) -> Self {
        self.freeze_after = limit.max(Duration::from_millis(3));
        self
    }

    /// How long the last messages may take when the child ends for good; by default 5 s.
    #[must_use]
    pub fn drain_within(mut self, limit: Duration) -> Self {
        self.drain_within = limit;
        self
    }

    /// The child's lasting address, and what a supervisor needs to run it.
    #[must_use]
    pub fn build(self) -> (Address<A>, ChildSpec) {
        let mailbox = Arc::new(Mailbox::new(self.name, self.mailbox, self.concurrency));
        let gauge: Arc<dyn Gauge> = Arc::<Mailbox<A>>::clone(&mailbox);
        let child = Child {
            record: Arc::new(Record::new(self.name, self.restart, None, Some(gauge), Vec::new())),
            mailbox: Arc::clone(&mailbox),
            factory: self.factory,
            freeze_after: self.freeze_after,
            drain_within: self.drain_within,
            arbiter: Mutex::new(None),
        };
        (Address::new(mailbox), ChildSpec(Box::new(Seated(Arc::new(child)))))
    }
}

/// An actor's place in the tree: all that outlives its incarnations.
pub(super) struct Child<A: Actor> {
    pub(super) record: Arc<Record>,
    pub(super) mailbox: Arc<Mailbox<A>>,
    pub(super) factory: Arc<Factory<A>>,
    pub(super) freeze_after: Duration,
    pub(super) drain_within: Duration,
    pub(super) arbiter: Mutex<Option<Arbiter>>,
}

struct Seated<A: Actor>(Arc<Child<A>>);

impl<A: Actor<Context = Context<A>>> Unit for Seated<A> {
    fn record(&self) -> &Arc<Record> {
        &self.0.record
    }

    fn start(&self) -> Started {
        warden::start(&self.0)
    }

    fn dismiss(&self) {
        self.0.mailbox.dismiss();
        let Some(arbiter) = lock(&self.0.arbiter).take() else {
            return;
        };
        let (mailbox, limit) = (Arc::clone(&self.0.mailbox), self.0.drain_within);
        arbiter.spawn(async move {
            let _ = timeout(limit, mailbox.empty()).await;
            Arbiter::current().stop();
        });
    }

    fn retire(&self) {
        self.0.mailbox.dismiss();
        if let Some(arbiter) = lock(&self.0.arbiter).take() {
            arbiter.stop();
        }
    }
}
