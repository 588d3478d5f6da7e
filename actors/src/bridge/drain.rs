//! The broker's own collections: what it set aside, and what no queue was bound for. Both are emptied, so that nothing
//! stays where no operator looks.

use std::sync::Arc;
use std::time::Duration;

use amqp::{Content, Delivery, Envelope, Subscription, Transport, catalogue};

use crate::dead_letters::{Reason, UNROUTED};
use crate::handling::{Handling, Stray};

/// The pause before an event is published again for which there is still no queue.
const PAUSE: Duration = Duration::from_secs(1);

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

/// Parks what has an unknown type, publishes again what a missing queue has led astray, and lets go what nobody
/// consumes.
pub(super) async fn unrouted(mut subscription: Subscription, handling: Handling, transport: Transport) {
    while let Some(delivery) = subscription.next().await {
        match delivery.content() {
            Content::Event(event) => match catalogue::find(&event.event_type) {
                Some(entry) if entry.consumers.is_empty() => {}
                Some(_) => publish_again(&transport, event).await,
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

async fn publish_again(transport: &Transport, event: &Arc<Envelope>) {
    loop {
        transport.available().await;
        match transport.publish(Arc::clone(event), true).await {
            Ok(()) => return,
            Err(error) => log::warn!("event {} cannot be published again yet: {error}", event.event_id),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn stray(delivery: &Delivery, consumer: String, reason: Reason, error: String) -> Stray {
    let (event, label) = match delivery.content() {
        Content::Event(event) => (Some(Arc::clone(event)), Some(event.event_type.clone())),
        Content::Unreadable { label, .. } => (None, label.clone()),
    };
    Stray { consumer, event, label, bytes: delivery.bytes().into_owned(), reason, error }
}
