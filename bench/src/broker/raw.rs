//! lapin without anything around it: what a reference is made of, and how scenes are set.

use std::time::{Duration, Instant};

use amqp::topology::{Argument, Queue};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::runtime::Runtime;

use crate::Outcome;

/// The broker writes such a message to disk.
const PERSISTENT: u8 = 2;

/// One connection with one channel that confirms.
pub struct Raw {
    channel: Channel,
    // It is closed with its last handle.
    _connection: Connection,
    // The last to go: the others are closed on it.
    runtime: Runtime,
}

impl Raw {
    /// A connection to the broker at this URL.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn connect(url: &str) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (connection, channel) = runtime.block_on(async {
            let connection = Connection::connect(url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Outcome::Ok((connection, channel))
        })?;
        Ok(Self { runtime, _connection: connection, channel })
    }

    /// Makes a durable queue.
    ///
    /// # Errors
    /// When there is another one with its name.
    pub fn declare(&self, queue: &Queue) -> Outcome {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let declaring = self.channel.queue_declare(queue.name.as_str().into(), options, arguments(queue));
        self.runtime.block_on(declaring)?;
        Ok(())
    }

    /// Binds a queue.
    ///
    /// # Errors
    /// When either end of the binding is missing.
    pub fn bind(&self, queue: &str, exchange: &str, key: &str) -> Outcome {
        let options = QueueBindOptions::default();
        let binding =
            self.channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default());
        Ok(self.runtime.block_on(binding)?)
    }

    /// Messages in a queue that nobody was given.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn count(&self, queue: &str) -> Outcome<usize> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let looking = self.channel.queue_declare(queue.into(), options, FieldTable::default());
        Ok(usize::try_from(self.runtime.block_on(looking)?.message_count())?)
    }

    /// Takes the first message out of a queue; its body.
    ///
    /// # Errors
    /// When there is none.
    pub fn take(&self, queue: &str) -> Outcome<Vec<u8>> {
        let options = BasicGetOptions { no_ack: true };
        let got = self.runtime.block_on(self.channel.basic_get(queue.into(), options))?;
        Ok(got.ok_or("the queue is empty")?.delivery.data)
    }

    /// Publishes these bodies, mandatory and persistent, with up to `in_flight` of them unconfirmed, and waits until each
    /// is confirmed; how long that took.
    ///
    /// # Errors
    /// When one is refused or returned.
    pub fn publish(&self, exchange: &str, key: &str, bodies: &[String], in_flight: usize) -> Outcome<Duration> {
        let (exchange, key) = (ShortString::from(exchange), ShortString::from(key));
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        self.runtime.block_on(async {
            let mut unconfirmed = FuturesUnordered::new();
            let began = Instant::now();
            for body in bodies {
                if unconfirmed.len() >= in_flight {
                    confirmed(unconfirmed.next().await)?;
                }
                let (exchange, key, properties) = (exchange.clone(), key.clone(), properties.clone());
                let publishing = self.channel.basic_publish(exchange, key, options, body.as_bytes(), properties);
                unconfirmed.push(publishing.await?);
            }
            while !unconfirmed.is_empty() {
                confirmed(unconfirmed.next().await)?;
            }
            Ok(began.elapsed())
        })
    }

    /// Consumes `count` messages, `prefetch` at a time: each such batch is given to `take_in` on a thread of its own and
    /// acknowledged at once when that has returned; how long it took from the first delivery to the last acknowledgement.
    ///
    /// # Errors
    /// When the deliveries end early, or `take_in` fails.
    pub fn consume<S: Send + 'static>(
        &self,
        queue: &str,
        prefetch: u16,
        count: usize,
        mut state: S,
        take_in: fn(&mut S, Vec<Delivery>) -> Outcome,
    ) -> Outcome<Duration> {
        self.runtime.block_on(async {
            self.channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            let mut deliveries = self.channel.basic_consume(queue.into(), "".into(), options, arguments).await?;
            let (mut began, mut left) = (None, count);
            while left > 0 {
                let wanted = left.min(usize::from(prefetch));
                let mut batch = Vec::with_capacity(wanted);
                while batch.len() < wanted {
                    batch.push(deliveries.next().await.ok_or("the deliveries ended")??);
                    began.get_or_insert_with(Instant::now);
                }
                let last = batch.last().map(|delivery| delivery.delivery_tag).unwrap_or_default();
                let work = move || {
                    take_in(&mut state, batch)?;
                    Outcome::Ok(state)
                };
                state = tokio::task::spawn_blocking(work).await??;
                self.channel.basic_ack(last, BasicAckOptions { multiple: true }).await?;
                left -= wanted;
            }
            Ok(began.map(|began| began.elapsed()).unwrap_or_default())
        })
    }
}

fn confirmed(confirmation: Option<lapin::Result<Confirmation>>) -> Outcome {
    match confirmation.transpose()? {
        Some(Confirmation::Ack(None)) => Ok(()),
        other => Err(format!("a message was not taken: {other:?}").into()),
    }
}

fn arguments(queue: &Queue) -> FieldTable {
    let value = |argument: &Argument| match *argument {
        Argument::Text(text) => AMQPValue::LongString(text.into()),
        Argument::Flag(flag) => AMQPValue::Boolean(flag),
    };
    let mut table = FieldTable::default();
    for (name, argument) in &queue.arguments {
        table.insert((*name).into(), value(argument));
    }
    table
}
