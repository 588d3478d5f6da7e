//! The consumer of one service: deliveries into lanes, the heads of lanes into the service's actor, in batches or alone.

use std::sync::Arc;

use amqp::response::ResponseEnvelope;
use amqp::{Content, Delivery, Envelope, Service, Subscription};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use uuid::Uuid;

use super::batches::Batches;
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

/// What belongs together: an aggregate, or, for what is no event, a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    Aggregate(Uuid),
    Stray(u64),
}

/// A delivery, and whether a process may have died of it.
type Item = (Delivery, bool);

/// A delivery that may share a transaction with others.
type Plain = (Lane, Arc<Envelope>, Delivery);

/// The deliveries of a consumer that are not settled, save for those that are being handled.
struct Inside {
    lanes: Lanes<Lane, Item>,
    batches: Batches<Plain>,
    in_batches: bool,
    number: u64,
}

impl Inside {
    /// A delivery comes in. It is returned when it is to be handled alone, and now.
    fn enter(&mut self, delivery: Delivery, suspect: bool) -> Option<(Lane, Item)> {
        self.number += 1;
        let lane = match delivery.content() {
            Content::Event(event) => Lane::Aggregate(event.aggregate_id),
            Content::Unreadable { .. } => Lane::Stray(self.number),
        };
        let head = self.lanes.enter(&lane, (delivery, suspect))?;
        self.start(lane, head)
    }

    /// The delivery that was being handled is settled. The next one of its lane is returned when it is to be handled alone.
    fn leave(&mut self, lane: Lane) -> Option<(Lane, Item)> {
        let head = self.lanes.leave(&lane)?;
        self.start(lane, head)
    }

    fn start(&mut self, lane: Lane, (delivery, suspect): Item) -> Option<(Lane, Item)> {
        match delivery.content() {
            Content::Event(event) if self.in_batches && !suspect => {
                let event = Arc::clone(event);
                self.batches.enter((lane, event, delivery));
                None
            }
            _ => Some((lane, (delivery, suspect))),
        }
    }
}

impl Consumer {
    /// Handles deliveries, those of one aggregate in order, until the subscription ends.
    pub async fn run(mut self, mut subscription: Subscription) {
        let in_batches = self.handling.in_batches(self.service);
        let mut inside = Inside { lanes: Lanes::new(), batches: Batches::new(), in_batches, number: 0 };
        let (mut alone, mut together) = (FuturesUnordered::new(), FuturesUnordered::new());
        loop {
            while let Some(batch) = inside.batches.begin() {
                together.push(self.handle_batch(batch));
            }
            let paused = self.handling.breaker().is_open();
            tokio::select! {
                delivery = subscription.next(), if !paused && inside.lanes.held() < PREFETCH => {
                    let Some(delivery) = delivery else { break };
                    let mut arrived = Some(delivery);
                    // What has arrived as well may go with it.
                    while let Some(delivery) = arrived {
                        let suspect = is_suspect(&mut self.recent, &delivery);
                        alone.extend(inside.enter(delivery, suspect).map(|(lane, item)| self.handle(lane, item)));
                        let has_room = inside.lanes.held() < PREFETCH && !inside.batches.is_full();
                        arrived = if has_room { subscription.next().now_or_never().flatten() } else { None };
                    }
                }
                Some(lane) = alone.next(), if !alone.is_empty() => {
                    alone.extend(inside.leave(lane).map(|(lane, item)| self.handle(lane, item)));
                }
                Some(batch) = together.next(), if !together.is_empty() => {
                    inside.batches.end();
                    for (lane, left) in batch {
                        let next = match left {
                            Some(delivery) => Some((lane, (delivery, false))),
                            None => inside.leave(lane),
                        };
                        alone.extend(next.map(|(lane, item)| self.handle(lane, item)));
                    }
                }
                () = self.handling.breaker().closed(), if paused => {}
            }
        }
    }

    /// Handles a delivery and acknowledges it; its lane is free again when this resolves.
    fn handle(&self, lane: Lane, (delivery, suspect): Item) -> impl Future<Output = Lane> + use<> {
        let (service, handling, clock) = (self.service, self.handling.clone(), self.clock.clone());
        async move {
            match delivery.content().clone() {
                Content::Event(event) => {
                    let bytes = delivery.received().map(Arc::from);
                    let delivered = Delivered { event: Arc::clone(&event), bytes, suspect };
                    match handling.event(service, delivered).await {
                        Outcome::Handled => handled(delivery, &event, &clock),
                        Outcome::Parked => delivery.ack(),
                    }
                }
                Content::Unreadable { reason, label } => {
                    let (consumer, bytes) = (service.name().to_owned(), delivery.bytes().into_owned());
                    let (reason, error) = (Reason::Malformed, reason);
                    handling.stray(Stray { consumer, event: None, label, bytes, reason, error }).await;
                    delivery.ack();
                }
            }
            lane
        }
    }

    /// Handles deliveries together and acknowledges those that went through. The lanes of these are free again when this
    /// resolves; the others are given back, to be handled alone.
    fn handle_batch(&self, batch: Vec<Plain>) -> impl Future<Output = Vec<(Lane, Option<Delivery>)>> + use<> {
        let (service, handling, clock) = (self.service, self.handling.clone(), self.clock.clone());
        async move {
            let events: Vec<_> = batch.iter().map(|(_, event, _)| Arc::clone(event)).collect();
            let went_through = handling.batch(service, &events).await;
            let settle = |((lane, event, delivery), went_through): (Plain, bool)| {
                if !went_through {
                    return (lane, Some(delivery));
                }
                handled(delivery, &event, &clock);
                (lane, None)
            };
            batch.into_iter().zip(went_through).map(settle).collect()
        }
    }
}

/// Acknowledges an event that has had its effect, and answers whoever asked for that.
fn handled(delivery: Delivery, event: &Envelope, clock: &Clock) {
    if delivery.wants_answer() {
        delivery.answer(&ResponseEnvelope::event(&event.event_type, event.data.clone(), clock.now()));
    }
    delivery.ack();
}

#[cfg(test)]
mod tests {
    use amqp::retry::Policies;
    use amqp::{Source, Transport};

    use super::*;
    use crate::availability::Availability;
    use crate::bridge::suspect::CAPACITY;
    use crate::cache::CacheClient;
    use crate::database::scratch::{Scratch, on_each_engine};
    use crate::dead_letters;
    use crate::reports::Reports;
    use crate::service::Campus;
    use crate::supervision::{Life, child};
    use crate::wiring::Consumers;

    async fn an_idle_consumer_pauses_while_somebody_waits_for_the_database(scratch: Scratch) {
        let (database, cache, clock) = (scratch.open(), CacheClient::in_process(), Clock::system());
        let campus = Campus { database, cache, clock: clock.clone(), time_zone: chrono_tz::UTC };
        let copy = campus.clone();
        let (availability, _) = child("availability", move |_: &Life| Ok(Availability::new(copy.clone()))).build();
        let copy = campus.clone();
        let (reports, _) = child("reports", move |_: &Life| Ok(Reports::new(copy.clone()))).build();
        let consumers = Consumers { availability, reports };
        let handling = Handling::new(campus, consumers, Policies::default(), dead_letters::wakeup());
        let transport = Transport::in_process(&[Service::Reports]);
        let subscription = transport.subscribe(Source::Service(Service::Reports));
        let _waiting = handling.breaker().wait();
        let (handling, recent) = (handling.clone(), Recent::new(CAPACITY));
        let consumer = Consumer { service: Service::Reports, handling, clock, recent };
        assert_eq!(consumer.run(subscription).now_or_never(), None);
    }

    on_each_engine!(an_idle_consumer_pauses_while_somebody_waits_for_the_database);
}
