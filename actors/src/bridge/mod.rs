//! The bridge: turns what the transport delivers into messages to the services' actors.
//!
//! ```text
//! transport --> subscription of a service --> lane of the aggregate --> actor: Deliver(event) --> ack or reject
//! ```

mod lanes;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use amqp::{Delivery, Envelope, Service, Subscription, Transport};
use futures_util::stream::{FuturesUnordered, StreamExt};
use uuid::Uuid;

use crate::supervision::{CallError, Life};
use crate::wiring::Consumers;
use lanes::Lanes;

/// Deliveries a consumer takes in before it has settled earlier ones.
const PREFETCH: usize = 300;
/// Quick attempts in place, for what passes by itself, before an event is given back.
const QUICK_ATTEMPTS: usize = 3;

/// The actor that owns the transport's consumers.
pub struct Bridge {
    transport: Transport,
    consumers: Consumers,
    life: Life,
}

impl Bridge {
    /// A bridge from `transport` to `consumers`.
    pub fn new(transport: Transport, consumers: Consumers, life: Life) -> Self {
        Self { transport, consumers, life }
    }
}

impl Actor for Bridge {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for service in self.consumers.services() {
            let subscription = self.transport.subscribe(service);
            let consumers = self.consumers.clone();
            ctx.spawn(consume(service, subscription, consumers, self.life.clone()).into_actor(self));
        }
    }
}

/// Handles deliveries, those of one aggregate in order, until the transport ends.
async fn consume(service: Service, mut subscription: Subscription, consumers: Consumers, life: Life) {
    let mut lanes: Lanes<Uuid, Delivery> = Lanes::new();
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            delivery = subscription.next(), if lanes.held() < PREFETCH => {
                let Some(delivery) = delivery else { break };
                let aggregate = delivery.envelope().aggregate_id;
                if let Some(delivery) = lanes.enter(&aggregate, delivery) {
                    running.push(handle(service, &consumers, delivery));
                }
            }
            Some((delivery, result)) = running.next(), if !running.is_empty() => {
                let aggregate = delivery.envelope().aggregate_id;
                match result {
                    Ok(()) => {
                        delivery.ack();
                        if let Some(next) = lanes.leave(&aggregate) {
                            running.push(handle(service, &consumers, next));
                        }
                    }
                    Err(reason) => {
                        for behind in lanes.clear(&aggregate) {
                            behind.reject("waits behind an earlier event of its aggregate".to_owned());
                        }
                        delivery.reject(reason);
                    }
                }
            }
        }
    }
    life.fail(format!("the transport ended the deliveries of {service}"));
}

async fn handle(service: Service, consumers: &Consumers, delivery: Delivery) -> (Delivery, Result<(), String>) {
    let envelope = Arc::clone(delivery.envelope());
    let mut failures = 0;
    let result = loop {
        match attempt(service, consumers, &envelope).await {
            Ok(()) => break Ok(()),
            // A full mailbox is not the event's fault: it waits for its turn.
            Err(Attempt::Busy) => pause().await,
            Err(Attempt::Failed(reason)) => {
                failures += 1;
                if failures == QUICK_ATTEMPTS {
                    break Err(reason);
                }
                pause().await;
            }
            Err(Attempt::Hopeless(reason)) => break Err(reason),
        }
    };
    (delivery, result)
}

enum Attempt {
    Busy,
    Failed(String),
    Hopeless(String),
}

async fn attempt(service: Service, consumers: &Consumers, envelope: &Arc<Envelope>) -> Result<(), Attempt> {
    match consumers.deliver(service, Arc::clone(envelope)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is_transient() => Err(Attempt::Failed(error.to_string())),
        Ok(Err(error)) => Err(Attempt::Hopeless(error.to_string())),
        Err(CallError::Overloaded { .. }) => Err(Attempt::Busy),
        Err(error) => Err(Attempt::Failed(error.to_string())),
    }
}

/// 50 to 200 ms, at random so that those who failed together do not come back together.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(50..=200))).await;
}
