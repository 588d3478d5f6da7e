//! The broker's own collections: what it set aside, and what no queue was bound for. Both are emptied, so that nothing
//! stays where no operator looks.

use std::sync::Arc;

use amqp::{Content, Delivery, Envelope, Service, Subscription, catalogue};

use crate::dead_letters::{Reason, UNROUTED};
use crate::handling::{Delivered, Handling, Stray};

/// Parks what the broker has set aside, each for the service whose queue it was in.
pub(super) async fn dead_letters(mut subscription: Subscription, handling: Handling) {
    while let Some(delivery) = subscription.next().await {
        let queue = delivery.death().map(|death| death.queue.clone()).unwrap_or_default();
        let consumer = queue.strip_prefix("bookly.").unwrap_or(UNROUTED).to_owned();
        let error = match delivery.death() {
            Some(death) => format!("the broker took it out of {} ({})", death.queue, death.reason),
            None => "somebody published it to the dead letters".to_owned(),
        };
        handling.stray(stray(&delivery, consumer, Reason::SetAside, error)).await;
        delivery.ack();
    }
}

/// Parks what has an unknown type, handles what a missing binding or a wrong routing key has led astray, and lets go what
/// nobody consumes.
pub(super) async fn unrouted(mut subscription: Subscription, handling: Handling) {
    while let Some(delivery) = subscription.next().await {
        match delivery.content() {
            Content::Event(event) => match catalogue::find(&event.event_type) {
                Some(entry) if entry.consumers.is_empty() => {}
                Some(entry) => to_its_consumers(&handling, &delivery, event, entry.consumers).await,
                None => {
                    let error = format!("the catalogue has no event \"{}\"", event.event_type);
                    handling.stray(stray(&delivery, UNROUTED.to_owned(), Reason::UnknownType, error)).await;
                }
            },
            Content::Unreadable { reason, .. } => {
                let stray = stray(&delivery, UNROUTED.to_owned(), Reason::Malformed, reason.clone());
                handling.stray(stray).await;
            }
        }
        delivery.ack();
    }
}

/// Takes an event to each service that consumes it, past the queue that it did not find.
async fn to_its_consumers(handling: &Handling, delivery: &Delivery, event: &Arc<Envelope>, consumers: &[Service]) {
    let (id, event_type) = (event.event_id, &event.event_type);
    log::warn!("no queue took event {id} ({event_type}), it is handled all the same; see `bookly topology diff`");
    for &service in consumers {
        let bytes = delivery.received().map(Arc::from);
        let delivered = Delivered { event: Arc::clone(event), bytes, suspect: delivery.redelivered() };
        handling.event(service, delivered).await;
    }
}

fn stray(delivery: &Delivery, consumer: String, reason: Reason, error: String) -> Stray {
    let (event, label) = match delivery.content() {
        Content::Event(event) => (Some(Arc::clone(event)), Some(event.event_type.clone())),
        Content::Unreadable { label, .. } => (None, label.clone()),
    };
    Stray { consumer, event, label, bytes: delivery.bytes().into_owned(), reason, error }
}
