//! The road within one process.
//!
//! An event stays its publisher's until every consumer has handled it, so nothing here has to survive a crash.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::{Notify, oneshot};

use super::PublishError;
use super::delivery::{Content, Delivery, Receipt, Source};
use crate::catalogue;
use crate::envelope::Envelope;
use crate::service::Service;

/// How many events stand ready for one consumer before publishers have to wait.
pub const DEFAULT_CAPACITY: usize = 256;

/// The reason given when a delivery was dropped without a word.
const DROPPED: &str = "the consumer dropped it without handling it";

/// A road within one process. Clones share it.
#[derive(Debug, Clone)]
pub struct InProcess {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    services: BTreeSet<Service>,
    capacity: usize,
    consumers: fn(&str) -> Option<&'static [Service]>,
    lines: Mutex<Lines>,
}

/// The lines of events in front of the subscribed consumers. One lock guards them all, so that an event takes its
/// place in every line at one instant.
#[derive(Debug, Default)]
struct Lines {
    by_consumer: BTreeMap<Service, Line>,
    next_number: u64,
}

#[derive(Debug)]
struct Line {
    /// Tells this subscription from the one that replaces it.
    number: u64,
    waiting: VecDeque<Item>,
    arrived: Arc<Notify>,
}

#[derive(Debug)]
struct Item {
    number: u64,
    envelope: Arc<Envelope>,
    repeated: bool,
    outcome: oneshot::Sender<Result<(), String>>,
}

impl InProcess {
    /// A road whose consumers are `services`; any other consumer counts as absent.
    pub fn new(services: &[Service]) -> Self {
        Self::with_capacity(services, DEFAULT_CAPACITY)
    }

    /// The same, with another bound than [`DEFAULT_CAPACITY`]; at least 1.
    pub fn with_capacity(services: &[Service], capacity: usize) -> Self {
        Self::routed(services, capacity, |event_type| catalogue::find(event_type).map(|entry| entry.consumers))
    }

    fn routed(services: &[Service], capacity: usize, consumers: fn(&str) -> Option<&'static [Service]>) -> Self {
        let services = services.iter().copied().collect();
        let capacity = capacity.max(1);
        Self { shared: Arc::new(Shared { services, capacity, consumers, lines: Mutex::default() }) }
    }

    /// See [`Transport::publish`](super::Transport::publish).
    ///
    /// Consumers that are there get the event even if another one is absent, so that one service's outage does not
    /// hold up the others; they meet the event again when it is published again.
    ///
    /// # Errors
    /// The event is not confirmed; known once every consumer has settled.
    pub fn publish(
        &self,
        envelope: Arc<Envelope>,
        repeated: bool,
    ) -> impl Future<Output = Result<(), PublishError>> + Send + use<> {
        let placed = self.shared.place(envelope, repeated);
        async move {
            let outcomes = join_all(placed?.into_iter().map(Place::outcome)).await;
            outcomes.into_iter().collect()
        }
    }

    /// See [`Transport::subscribe`](super::Transport::subscribe).
    ///
    /// The subscription of a service that does not belong to this process has ended from the start; one to anything
    /// else than a service never delivers.
    pub(super) fn subscribe(&self, source: Source) -> Subscription {
        let Source::Service(service) = source else {
            return Subscription { line: None };
        };
        let arrived = Arc::new(Notify::new());
        let mut lines = self.shared.lock();
        let number = lines.number();
        let replaced = if self.shared.services.contains(&service) {
            let line = Line { number, waiting: VecDeque::new(), arrived: arrived.clone() };
            lines.by_consumer.insert(service, line)
        } else {
            log::error!("{service} subscribed, but does not run in this process");
            None
        };
        drop(lines);
        if let Some(line) = replaced {
            line.arrived.notify_one();
        }
        Subscription { line: Some(Seat { shared: self.shared.clone(), service, number, arrived }) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Every change under the lock is complete in itself, so a panic elsewhere leaves nothing half done.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(self: &Arc<Self>, envelope: Arc<Envelope>, repeated: bool) -> Result<Vec<Place>, PublishError> {
        let consumers = (self.consumers)(&envelope.event_type)
            .ok_or_else(|| PublishError::UnknownType { event_type: envelope.event_type.clone() })?;
        let mut lines = self.lock();
        let number = lines.number();
        let place = move |&consumer| {
            let outcome = lines.by_consumer.get_mut(&consumer).map(|line| {
                let (sender, receiver) = oneshot::channel();
                let envelope = envelope.clone();
                line.waiting.push_back(Item { number, envelope, repeated, outcome: sender });
                line.arrived.notify_one();
                receiver
            });
            Place { shared: self.clone(), consumer, number, outcome }
        };
        Ok(consumers.iter().map(place).collect())
    }
}

impl Lines {
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

/// An event's place in one consumer's line.
struct Place {
    shared: Arc<Shared>,
    consumer: Service,
    number: u64,
    outcome: Option<oneshot::Receiver<Result<(), String>>>,
}

impl Place {
    async fn outcome(mut self) -> Result<(), PublishError> {
        let consumer = self.consumer;
        let Some(outcome) = self.outcome.as_mut() else {
            return Err(PublishError::NoConsumer { consumer });
        };
        let outcome = outcome.await.unwrap_or_else(|_| Err(DROPPED.to_owned()));
        self.outcome = None;
        outcome.map_err(|reason| PublishError::Unhandled { consumer, reason })
    }
}

impl Drop for Place {
    /// The publisher gave up: what had no room yet leaves the line, which keeps a line as short as its publishers
    /// are many.
    fn drop(&mut self) {
        if self.outcome.is_none() {
            return;
        }
        let mut lines = self.shared.lock();
        if let Some(line) = lines.by_consumer.get_mut(&self.consumer)
            && let Some(at) = line.waiting.iter().position(|item| item.number == self.number)
            && at >= self.shared.capacity
        {
            line.waiting.remove(at);
        }
    }
}

/// A service's stream of events, in the order in which they were published.
#[derive(Debug)]
pub(super) struct Subscription {
    line: Option<Seat>,
}

impl Subscription {
    /// See [`Subscription::next`](super::Subscription::next).
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        match &self.line {
            Some(seat) => seat.next().await,
            None => std::future::pending().await,
        }
    }
}

/// A service's right to its line.
#[derive(Debug)]
struct Seat {
    shared: Arc<Shared>,
    service: Service,
    number: u64,
    arrived: Arc<Notify>,
}

impl Seat {
    async fn next(&self) -> Option<Delivery> {
        loop {
            {
                let mut lines = self.shared.lock();
                let line = lines.by_consumer.get_mut(&self.service).filter(|line| line.number == self.number)?;
                if let Some(item) = line.waiting.pop_front() {
                    return Some(item.into_delivery(self.service));
                }
            }
            self.arrived.notified().await;
        }
    }
}

impl Item {
    fn into_delivery(self, service: Service) -> Delivery {
        Delivery {
            source: Source::Service(service),
            content: Content::Event(self.envelope),
            bytes: None,
            redelivered: self.repeated,
            death: None,
            receipt: Receipt::InProcess(self.outcome),
        }
    }
}

impl Drop for Seat {
    /// Whatever still stands in line is dropped, which tells its publishers.
    fn drop(&mut self) {
        let mut lines = self.shared.lock();
        if lines.by_consumer.get(&self.service).is_some_and(|line| line.number == self.number) {
            let line = lines.by_consumer.remove(&self.service);
            drop(lines);
            drop(line);
        }
    }
}

#[cfg(test)]
mod tests;
