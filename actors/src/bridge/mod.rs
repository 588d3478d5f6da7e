//! The bridge: turns what the transport delivers into messages to the services' actors.
//!
//! ```text
//! transport --> subscription of a service --> lane of the aggregate --> batch --> handling --> ack
//!           \-> what the broker set aside, what has no queue --> dead letters
//! ```

mod batches;
mod consumer;
mod drain;
mod lanes;
mod suspect;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use amqp::{Service, Source, Transport};

use crate::clock::Clock;
use crate::handling::Handling;
use crate::recent::Recent;
use crate::supervision::Life;
use consumer::Consumer;

/// How often the tree is told how the transport works.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// The actor that owns the transport: its connections and its consumers.
pub struct Bridge {
    parts: Parts,
}

/// What a bridge joins.
#[derive(Clone)]
pub struct Parts {
    /// Where events come from.
    pub transport: Transport,
    /// What is done with them.
    pub handling: Handling,
    /// The services that are consumed for here.
    pub services: Vec<Service>,
    /// The time.
    pub clock: Clock,
    /// The supervisor.
    pub life: Life,
}

impl Bridge {
    /// A bridge between these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }
}

impl Actor for Bridge {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Parts { transport, handling, services, clock, life } = &self.parts;
        for &service in services {
            let (handling, clock, recent) = (handling.clone(), clock.clone(), Recent::new(suspect::CAPACITY));
            let consumer = Consumer { service, handling, clock, recent };
            let subscription = transport.subscribe(Source::Service(service));
            let life = life.clone();
            let run = async move {
                consumer.run(subscription).await;
                life.fail(format!("the transport ended the deliveries of {service}"));
            };
            ctx.spawn(run.into_actor(self));
        }
        let set_aside = transport.subscribe(Source::DeadLetters);
        ctx.spawn(drain::dead_letters(set_aside, handling.clone()).into_actor(self));
        let unrouted = transport.subscribe(Source::Unrouted);
        ctx.spawn(drain::unrouted(unrouted, handling.clone()).into_actor(self));
        ctx.spawn(drive(transport.clone(), life.clone()).into_actor(self));
        ctx.spawn(report(transport.clone(), handling.clone(), life.clone()).into_actor(self));
    }
}

async fn drive(transport: Transport, life: Life) {
    let reason = transport.drive().await;
    life.fail(reason);
}

/// Tells the tree how the road works, for people and for readiness.
async fn report(transport: Transport, handling: Handling, life: Life) {
    loop {
        let mut condition = transport.condition();
        if handling.breaker().is_open() {
            condition.troubles.push("consumers pause: the database is not available".to_owned());
        }
        life.degraded(!condition.troubles.is_empty());
        let figures = condition.figures.into_iter();
        life.note(condition.troubles.into_iter().chain(figures).collect::<Vec<_>>().join("; "));
        tokio::time::sleep(REPORT_EVERY).await;
    }
}
