//! Which events outdate what, and when that is forgotten.

use amqp::{Envelope, Service};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::Value;
use uuid::Uuid;

use super::client::CacheClient;
use super::key::Outdated;

/// What a transaction outdates, once it is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invalidation {
    /// What no longer may be read.
    pub outdated: Vec<Outdated>,
    /// The events that were raised.
    pub events: Vec<Uuid>,
}

/// Resolves when what a transaction outdates is forgotten.
pub type Forgotten = Shared<BoxFuture<'static, ()>>;

impl Invalidation {
    /// Whether there is nothing to forget.
    pub fn is_empty(&self) -> bool {
        self.outdated.is_empty() && self.events.is_empty()
    }

    /// Notes that `service` has raised an event.
    pub fn raised(&mut self, service: Service, event: Uuid, event_type: &str, data: &Value) {
        self.outdated.extend(outdated(service, event_type, data));
        self.events.push(event);
    }

    /// Notes that `service` has taken an event in.
    pub fn taken_in(&mut self, service: Service, event: &Envelope) {
        self.outdated.extend(outdated(service, &event.event_type, &event.data));
    }

    /// Adds another's.
    pub fn extend(&mut self, other: Self) {
        self.outdated.extend(other.outdated);
        self.events.extend(other.events);
    }
}

/// What is outdated in the cache of `service` when its state shows an event, its own or another's.
pub fn outdated(service: Service, event_type: &str, data: &Value) -> Vec<Outdated> {
    let outdated = match service {
        Service::Auth => crate::auth::cached::outdated(event_type, data),
        Service::Resources => crate::resources::cached::outdated(event_type, data),
        Service::Availability => crate::availability::cached::outdated(event_type, data),
        Service::Stockpile | Service::Reports => None,
    };
    outdated.unwrap_or_default()
}

impl CacheClient {
    /// Forgets what a committed transaction outdates.
    pub fn committed(&self, mut invalidation: Invalidation) -> Forgotten {
        invalidation.outdated.sort_unstable();
        invalidation.outdated.dedup();
        self.remember(&invalidation.events);
        self.forget(invalidation.outdated).shared()
    }

    /// Forgets what events outdate whose writer may have died before it could.
    pub fn published<'a>(&self, events: impl IntoIterator<Item = &'a Envelope>) -> BoxFuture<'static, ()> {
        let mut invalidation = Invalidation::default();
        for event in events {
            if !self.knows(event.event_id)
                && let Ok(service) = event.service.parse()
            {
                invalidation.raised(service, event.event_id, &event.event_type, &event.data);
            }
        }
        self.committed(invalidation).boxed()
    }
}
