//! A consumer's end of the road.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::receipt::Receipt;
use super::seats::Message;
use super::{Shared, reading};
use crate::transport::{Delivery, Source};

/// Deliveries of one source. Dropped, it closes its channel, so that the broker hands out again what is unsettled.
#[derive(Debug)]
pub(in crate::transport) struct Subscription {
    shared: Arc<Shared>,
    source: Source,
    number: u64,
    messages: Receiver<Message>,
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>, source: Source) -> Self {
        let (number, messages) = shared.seats.take(source);
        Self { shared, source, number, messages }
    }

    /// See [`Subscription::next`](crate::transport::Subscription::next).
    pub(in crate::transport) async fn next(&mut self) -> Option<Delivery> {
        loop {
            let Message { delivery, settlements } = self.messages.recv().await?;
            // What came over a channel that is gone comes again over the next one.
            if !settlements.is_closed() {
                let receipt = Receipt::new(self.shared.clone(), settlements, &delivery);
                return Some(reading::delivery(self.source, delivery, receipt));
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.seats.give_up(self.source, self.number);
    }
}
