//! Which deliveries may have killed a process.

use amqp::{Content, Delivery};

use crate::recent::Recent;

/// Events that are remembered; more than a consumer can hold unsettled.
pub(super) const CAPACITY: usize = 2_000;

/// Whether this delivery may have killed a process: it was handed out before, and not to this one. Remembers it.
pub(super) fn is_suspect(recent: &mut Recent, delivery: &Delivery) -> bool {
    match delivery.content() {
        Content::Event(event) => !recent.remember(event.event_id) && delivery.redelivered(),
        Content::Unreadable { .. } => false,
    }
}
