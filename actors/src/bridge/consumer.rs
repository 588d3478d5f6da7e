//! The consumer of one service: deliveries into lanes, lanes into the service's actor.

use std::sync::Arc;

use amqp::response::ResponseEnvelope;
use amqp::{Content, Delivery, Service, Subscription};
use futures_util::stream::{FuturesUnordered, StreamExt};
use uuid::Uuid;

use super::lanes::Lanes;
use super::suspect::is_suspect;
use crate::clock::Clock;
use crate::dead_letters::Reason;
use crate::handling::{Delivered, Handling, Outcome, Stray};
use crate::recent::Recent;

/// Deliveries a consumer takes in before it has settled earlier ones.
const PREFETCH: usize = 300;

/// What a consumer works with.
pub(super) struct Consumer {
    pub service: Service,
    pub handling: Handling,
    pub clock: Clock,
    /// What this process took in lately: when it comes again, a connection was lost and nobody died.
    pub recent: Recent,
}

/// Which lane a delivery belongs to. What is no event belongs with nothing.
fn lane(delivery: &Delivery, number: u64) -> (Option<Uuid>, u64) {
    match delivery.content() {
        Content::Event(event) => (Some(event.aggregate_id), 0),
        Content::Unreadable { .. } => (None, number),
    }
}

impl Consumer {
    /// Handles deliveries, those of one aggregate in order, until the subscription ends.
    pub async fn run(mut self, mut subscription: Subscription) {
        let mut lanes = Lanes::new();
        let mut running = FuturesUnordered::new();
        let mut number = 0;
        loop {
            let takes_in = lanes.held() < PREFETCH && !self.handling.breaker().is_open();
            tokio::select! {
                delivery = subscription.next(), if takes_in => {
                    let Some(delivery) = delivery else { break };
                    number += 1;
                    let lane = lane(&delivery, number);
                    let suspect = is_suspect(&mut self.recent, &delivery);
                    if let Some((delivery, suspect)) = lanes.enter(&lane, (delivery, suspect)) {
                        running.push(self.handle(lane, delivery, suspect));
                    }
                }
                Some(lane) = running.next(), if !running.is_empty() => {
                    if let Some((delivery, suspect)) = lanes.leave(&lane) {
                        running.push(self.handle(lane, delivery, suspect));
                    }
                }
            }
        }
    }

    /// Handles a delivery and acknowledges it; its lane is free again when this resolves.
    fn handle<L>(&self, lane: L, delivery: Delivery, suspect: bool) -> impl Future<Output = L> + use<L> {
        let (service, handling, clock) = (self.service, self.handling.clone(), self.clock.clone());
        async move {
            match delivery.content().clone() {
                Content::Event(event) => {
                    let bytes = delivery.received().map(Arc::from);
                    let delivered = Delivered { event: Arc::clone(&event), bytes, suspect };
                    if handling.event(service, delivered).await == Outcome::Handled && delivery.wants_answer() {
                        let data = event.data.clone();
                        delivery.answer(&ResponseEnvelope::event(&event.event_type, data, clock.now()));
                    }
                }
                Content::Unreadable { reason, label } => {
                    let (consumer, bytes) = (service.name().to_owned(), delivery.bytes().into_owned());
                    let (reason, error) = (Reason::Malformed, reason);
                    handling.stray(Stray { consumer, event: None, label, bytes, reason, error }).await;
                }
            }
            delivery.ack();
            lane
        }
    }
}
