//! The relay: takes events from the outbox to the transport, and out of the outbox once the transport confirmed them.
//!
//! It is woken by each commit that appended events and looks by itself every few seconds, for what another process or
//! an earlier failure left behind. Of one aggregate at most one event is on its way, so its order cannot be lost. When
//! the road is to blame, an event is published again for as long as it takes; one that is itself to blame is tried as
//! often as its policy says and then set aside, with a dead letter to tell of it, while those of its aggregate wait behind
//! it and all others flow.
//!
//! Claims and confirms are written without waiting for the disk: when a database that fails loses them, their events are
//! published once more, which every consumer's inbox is made for.

mod courier;
mod ledger;
mod prospect;
mod watch;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use amqp::Transport;
use amqp::retry::Policies;

use crate::service::Campus;
use crate::supervision::Life;
use courier::Courier;

/// The actor that publishes what the outbox holds.
pub struct Relay {
    courier: Arc<Courier>,
}

impl Relay {
    /// A relay on `campus` to `transport`.
    pub fn new(campus: Campus, transport: Transport, policies: Policies, life: Life) -> Self {
        let Campus { database, cache, clock, .. } = campus;
        Self { courier: Arc::new(Courier { database, cache, transport, clock, policies, life }) }
    }
}

impl Actor for Relay {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Arc::clone(&self.courier).run().into_actor(self));
    }
}
