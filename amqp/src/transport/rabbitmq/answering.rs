//! Answers to senders that asked for one (`reply_to`).
//!
//! They have a connection of their own, opened with the first answer. On the consuming one they would stop every
//! acknowledgement while the broker holds publishers back, and then nothing could ever empty its queues; on the
//! publishing one, a sender whose `reply_to` the broker dislikes could close the channel under the events.

use std::sync::{Arc, Mutex, PoisonError};

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{Channel, Connection};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::administration::Trouble;
use super::link::{CALL, Link, limited};
use super::options::Broker;
use super::properties;

/// How many answers may wait; more are dropped.
const CAPACITY: usize = 1_000;

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) reply_to: ShortString,
    pub(super) correlation_id: Option<ShortString>,
    pub(super) body: Vec<u8>,
}

/// Where answers are handed in.
#[derive(Debug, Default)]
pub(super) struct Answers {
    sender: Mutex<Option<Sender<Answer>>>,
}

impl Answers {
    /// Hands in an answer; it is dropped when it cannot be sent.
    pub(super) fn give(&self, answer: Answer) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.as_ref().is_none_or(|sender| sender.try_send(answer).is_err()) {
            log::debug!("an answer is dropped: the broker is away, or there are too many");
        }
    }

    fn begin(&self) -> Receiver<Answer> {
        let (sender, receiver) = channel(CAPACITY);
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Sends answers, for ever.
    pub(super) async fn send(&self, broker: &Broker) {
        let mut answers = self.begin();
        let mut sending = None;
        while let Some(answer) = answers.recv().await {
            match send_one(broker, sending.take(), answer).await {
                Ok(sound) => sending = Some(sound),
                Err(trouble) => log::debug!("an answer is lost: {trouble}"),
            }
        }
    }
}

async fn send_one(
    broker: &Broker,
    sending: Option<(Arc<Connection>, Channel)>,
    answer: Answer,
) -> Result<(Arc<Connection>, Channel), Trouble> {
    let (connection, channel) = match sending.filter(|(_, channel)| channel.status().connected()) {
        Some(sound) => sound,
        None => {
            let connection = Link::open(broker, "answering").await?.connection;
            let channel = limited("opening a channel", CALL, connection.create_channel()).await?;
            (connection, channel)
        }
    };
    if connection.status().blocked() {
        log::debug!("an answer is dropped: the broker takes no messages");
        return Ok((connection, channel));
    }
    let properties = properties::of_answer(answer.correlation_id);
    let options = BasicPublishOptions::default();
    let publishing = channel.basic_publish("".into(), answer.reply_to, options, &answer.body, properties);
    drop(limited("answering", CALL, publishing).await?);
    Ok((connection, channel))
}
