//! What happens to a message between its delivery and its acknowledgement: it is handled, or it is parked as a dead
//! letter. There is no third way out, so whoever delivers may acknowledge as soon as the future resolves.
//!
//! ```text
//! delivered --> attempt --> handled
//!                 |  ^
//!                 |  '-- earlier events first, a busy actor, a database that is away: no attempt is counted
//!                 v
//!               failed --> twice again in place --> parked: due again as its policy says, or failed for good
//! ```
//!
//! Events that are ready at the same time may share a transaction first, see `batch.rs`: those that it handles are done,
//! all others go the way above as if it had not been.

mod attempt;
mod batch;
mod breaker;
mod handle;
mod handle_batch;
mod parcels;
mod replay;
mod suspicion;

use std::sync::Arc;
use std::time::Duration;

use amqp::retry::{self, IN_PLACE_MAX_MS, IN_PLACE_MIN_MS, Policies, Stage, Verdict};
use amqp::{Envelope, Service};
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, Notify};

use crate::clock::Ids;
use crate::database::{Error, Transaction};
use crate::dead_letters::{self, AttemptRecord, By, EventRef, Parcel, Reason};
use crate::event_store::{admission, executions};
use crate::service::Campus;
use crate::wiring::{Consumers, Course, Deliver, Handled};
use attempt::Attempt;
pub use breaker::Breaker;
pub(crate) use handle::handle;
pub(crate) use handle_batch::handle_batch;
use parcels::parcel;

/// How messages are handled. Clones share everything.
#[derive(Clone)]
pub struct Handling(Arc<Parts>);

struct Parts {
    campus: Campus,
    consumers: Consumers,
    policies: Policies,
    parked: Arc<Notify>,
    breaker: Breaker,
    /// Held by the one suspect that is being handled: when the process dies, it is the only one to blame.
    suspect: Mutex<()>,
}

/// An event that was delivered.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The event.
    pub event: Arc<Envelope>,
    /// The message that carried it; `None` when it never left the process.
    pub bytes: Option<Arc<[u8]>>,
    /// Whether it may have been handed out before, to a process that died.
    pub suspect: bool,
}

/// Where a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is committed, now or by an earlier delivery.
    Handled,
    /// It is a dead letter.
    Parked,
}

impl Handling {
    /// Handling by `consumers`; `parked` is told of every dead letter.
    pub fn new(campus: Campus, consumers: Consumers, policies: Policies, parked: Arc<Notify>) -> Self {
        let (breaker, suspect) = (Breaker::default(), Mutex::default());
        Self(Arc::new(Parts { campus, consumers, policies, parked, breaker, suspect }))
    }

    /// The services that consume events.
    pub fn services(&self) -> impl Iterator<Item = Service> + use<> {
        self.0.consumers.services().into_iter()
    }

    /// The switch that is open while the database is away.
    pub fn breaker(&self) -> &Breaker {
        &self.0.breaker
    }

    /// Handles an event or parks it.
    pub async fn event(&self, service: Service, delivered: Delivered) -> Outcome {
        if !delivered.suspect {
            return self.settle(service, &delivered, Course::Fresh).await;
        }
        match self.watch(service, &delivered.event).await {
            Ok(_alone) => self.settle(service, &delivered, Course::Suspect).await,
            Err(deaths) => {
                let why = format!("the process died {deaths} times while it was handling this event");
                self.park(service, &delivered, Reason::Poison, why, Vec::new()).await
            }
        }
    }

    async fn settle(&self, service: Service, delivered: &Delivered, course: Course) -> Outcome {
        let policy = self.0.policies.of(&delivered.event.event_type, service);
        let mut failures: Vec<AttemptRecord> = Vec::new();
        loop {
            let (event, bytes) = (Arc::clone(&delivered.event), delivered.bytes.clone());
            match self.attempt(service, Deliver { event, bytes, course }).await {
                Attempt::Settled(Handled::Now | Handled::Before) => return Outcome::Handled,
                Attempt::Settled(Handled::Parked) => {
                    self.0.parked.notify_one();
                    return Outcome::Parked;
                }
                Attempt::Early(missing) => self.first(service, missing).await,
                Attempt::Interrupted => {}
                Attempt::Later => pause().await,
                Attempt::Unreadable(reason) => {
                    return self.park(service, delivered, Reason::Malformed, reason, failures).await;
                }
                Attempt::Failed(error) => {
                    let at = self.0.campus.clock.now();
                    failures.push(AttemptRecord { at, error: error.clone(), by: By::Delivery });
                    match policy.stage(u32::try_from(failures.len()).unwrap_or(u32::MAX)) {
                        Stage::InPlace => pause().await,
                        Stage::Scheduled { .. } | Stage::Exhausted => {
                            return self.park(service, delivered, Reason::Failed, error, failures).await;
                        }
                    }
                }
            }
        }
    }

    /// Earlier events that the road has lost come from the store. They are no suspects: nobody has tried them.
    async fn first(&self, service: Service, missing: Vec<Envelope>) {
        for event in missing {
            log::info!("event {} is taken from the store: the one after it came first", event.event_id);
            let delivered = Delivered { event: Arc::new(event), bytes: None, suspect: false };
            Box::pin(self.settle(service, &delivered, Course::Fresh)).await;
        }
    }

    async fn park(
        &self,
        service: Service,
        delivered: &Delivered,
        reason: Reason,
        error: String,
        attempts: Vec<AttemptRecord>,
    ) -> Outcome {
        let event = &delivered.event;
        log::warn!("{service} parks event {} ({}): {error}", event.event_id, event.event_type);
        let failures = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
        let policy = self.0.policies.of(&event.event_type, service);
        let pause = match policy.verdict(retry::Outcome::Failed { failures }, &mut fastrand::f64) {
            Verdict::RetryAfter(pause) if reason == Reason::Failed => Some(pause),
            _ => None,
        };
        let due_at = pause.map(|pause| self.0.campus.clock.now() + pause);
        let parcel = parcel(service, event, delivered.bytes.as_deref(), reason, error, due_at);
        let (parcel, event) = (Parcel { attempts, failures, ..parcel }, Arc::clone(event));
        self.store(move |transaction, now| {
            let mut parcel = parcel.clone();
            // Of our own history nothing may be skipped: what comes later waits even behind what cannot be read.
            if parcel.reason == Reason::Malformed && admission::is_ours(transaction, &event)? {
                parcel.reason = Reason::Failed;
            }
            dead_letters::park(transaction, &parcel, &Ids, now)?;
            executions::end(transaction, &parcel.consumer, event.event_id)
        })
        .await;
        Outcome::Parked
    }

    /// Parks something that is no event, or one that no service consumes.
    pub async fn stray(&self, stray: Stray) {
        log::warn!("{} parks a message ({}): {}", stray.consumer, stray.reason.name(), stray.error);
        let parcel = Parcel {
            consumer: stray.consumer,
            event: stray.event.as_deref().map(EventRef::of),
            label: stray.label,
            bytes: stray.bytes,
            reason: stray.reason,
            error: stray.error,
            attempts: Vec::new(),
            failures: 0,
            due_at: None,
        };
        self.store(move |transaction, now| dead_letters::park(transaction, &parcel, &Ids, now).map(drop)).await;
    }

    /// Writes for as long as it takes: what is delivered must not be acknowledged before.
    async fn store<F>(&self, work: F)
    where
        F: Fn(&mut Transaction<'_>, DateTime<Utc>) -> Result<(), Error> + Clone + Send + 'static,
    {
        let (database, clock) = (&self.0.campus.database, &self.0.campus.clock);
        loop {
            let (work, now) = (work.clone(), clock.now());
            match database.write(move |transaction| work(transaction, now)).await {
                Ok(()) => break self.0.parked.notify_one(),
                Err(error) => {
                    log::warn!("a dead letter cannot be stored: {error}");
                    self.0.breaker.wait_for(database).await;
                    pause().await;
                }
            }
        }
    }
}

/// A message to park that is not for a service, or cannot be.
#[derive(Debug, Clone)]
pub struct Stray {
    /// Who met it: a service's name, or `unrouted`.
    pub consumer: String,
    /// The event, when it is one.
    pub event: Option<Arc<Envelope>>,
    /// The event type that it was labelled with.
    pub label: Option<String>,
    /// The message as received.
    pub bytes: Vec<u8>,
    /// Why it is parked.
    pub reason: Reason,
    /// The same in words.
    pub error: String,
}

/// 50 to 200 ms, at random so that those who failed together do not come back together.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(IN_PLACE_MIN_MS..=IN_PLACE_MAX_MS))).await;
}
