//! Settling a delivery from wherever its consumer runs.

use std::sync::Arc;

use lapin::types::ShortString;
use tokio::sync::mpsc::UnboundedSender;

use super::Shared;
use super::answering::Answer;
use crate::response::ResponseEnvelope;

/// What became of the delivery with a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) tag: u64,
    pub(super) handled: bool,
}

/// Settles one delivery. Dropped without a word, it sends the delivery back.
#[derive(Debug)]
pub(in crate::transport) struct Receipt {
    shared: Arc<Shared>,
    tag: u64,
    /// Leads to the channel that delivered it.
    settlements: Option<UnboundedSender<Settlement>>,
    reply_to: Option<ShortString>,
    correlation_id: Option<ShortString>,
}

impl Receipt {
    pub(super) fn new(
        shared: Arc<Shared>,
        settlements: UnboundedSender<Settlement>,
        message: &lapin::message::Delivery,
    ) -> Self {
        let reply_to = message.properties.reply_to().clone().filter(|name| !name.as_str().is_empty());
        let correlation_id = message.properties.correlation_id().clone();
        Self { shared, tag: message.delivery_tag, settlements: Some(settlements), reply_to, correlation_id }
    }

    /// Whether its sender asked for an answer.
    pub(in crate::transport) fn wants_answer(&self) -> bool {
        self.reply_to.is_some()
    }

    /// Answers its sender, best effort.
    pub(in crate::transport) fn answer(&self, response: &ResponseEnvelope) {
        let Some(reply_to) = self.reply_to.clone() else { return };
        match serde_json::to_vec(response) {
            Ok(body) => {
                self.shared.answers.give(Answer { reply_to, correlation_id: self.correlation_id.clone(), body })
            }
            Err(error) => log::warn!("an answer cannot be written as JSON: {error}"),
        }
    }

    pub(in crate::transport) fn ack(mut self) {
        self.settle(true);
    }

    pub(in crate::transport) fn reject(mut self, reason: &str) {
        log::debug!("a delivery goes back into its queue: {reason}");
        self.settle(false);
    }

    fn settle(&mut self, handled: bool) {
        if let Some(settlements) = self.settlements.take()
            && settlements.send(Settlement { tag: self.tag, handled }).is_err()
            && handled
        {
            // Its channel is gone, so the broker hands it out again and the consumer's inbox knows it.
            self.shared.board.stale_ack();
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.settle(false);
    }
}
