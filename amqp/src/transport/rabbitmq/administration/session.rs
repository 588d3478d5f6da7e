//! One connection for administration: every call has a time limit, and a channel that the broker closed is replaced.

use std::future::Future;
use std::time::Duration;

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, ConnectionProperties, Error, ErrorKind};

use super::trouble::Trouble;
use crate::topology::{Argument, Binding, Exchange, ExchangeKind, Queue};
use crate::transport::rabbitmq::options::Broker;

/// How long one call may take. A broker that holds back a connection does not answer at all.
const LIMIT: Duration = Duration::from_secs(10);

/// What the broker answered.
#[derive(Debug)]
pub(super) enum Answer<T> {
    /// It is done.
    Done(T),
    /// What it is about is not there, or cannot be reached; in the broker's words.
    NotFound(String),
    /// What it is about is another thing; in the broker's words.
    Different(String),
}

/// A connection to the broker.
pub(super) struct Session {
    connection: Connection,
    channel: Option<Channel>,
}

impl Session {
    pub(super) async fn open(url: &str) -> Result<Self, Trouble> {
        let broker = Broker::read(url).map_err(Trouble::Unavailable)?;
        let properties = ConnectionProperties::default().with_connection_name("bookly administration".into());
        let connection = limited("opening a connection", Connection::connect_uri(broker.uri, properties)).await?;
        Ok(Self { connection: connection.map_err(|error| Trouble::of(&error))?, channel: None })
    }

    pub(super) fn connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Closes the connection as the protocol asks, so that the broker does not log a client that vanished.
    pub(super) async fn close(self) {
        let _ = limited("closing", self.connection.close(200, "done".into())).await;
    }

    /// Whether a queue is there, without making it.
    pub(super) async fn look_for_queue(&mut self, name: &str) -> Result<Answer<lapin::Queue>, Trouble> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let queue = ShortString::from(name);
        self.ask(name, |channel| async move { channel.queue_declare(queue, options, FieldTable::default()).await })
            .await
    }

    /// Whether an exchange is there, without making it.
    pub(super) async fn look_for_exchange(&mut self, wanted: &Exchange) -> Result<Answer<()>, Trouble> {
        self.exchange(wanted, true).await
    }

    pub(super) async fn declare_exchange(&mut self, wanted: &Exchange) -> Result<Answer<()>, Trouble> {
        self.exchange(wanted, false).await
    }

    async fn exchange(&mut self, wanted: &Exchange, passive: bool) -> Result<Answer<()>, Trouble> {
        let kind = match wanted.kind {
            ExchangeKind::Topic => lapin::ExchangeKind::Topic,
            ExchangeKind::Fanout => lapin::ExchangeKind::Fanout,
        };
        let options = ExchangeDeclareOptions { passive, durable: true, ..ExchangeDeclareOptions::default() };
        let (name, arguments) = (ShortString::from(wanted.name), table(&wanted.arguments));
        self.ask(wanted.name, |channel| async move { channel.exchange_declare(name, kind, options, arguments).await })
            .await
    }

    pub(super) async fn declare_queue(&mut self, wanted: &Queue) -> Result<Answer<lapin::Queue>, Trouble> {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let (name, arguments) = (ShortString::from(wanted.name.as_str()), table(&wanted.arguments));
        self.ask(&wanted.name, |channel| async move { channel.queue_declare(name, options, arguments).await }).await
    }

    pub(super) async fn bind(&mut self, wanted: &Binding) -> Result<Answer<()>, Trouble> {
        let (queue, exchange) = (ShortString::from(wanted.queue.as_str()), ShortString::from(wanted.exchange));
        let (key, options) = (ShortString::from(wanted.routing_key), QueueBindOptions::default());
        self.ask(&wanted.queue, |channel| async move {
            channel.queue_bind(queue, exchange, key, options, FieldTable::default()).await
        })
        .await
    }

    pub(super) async fn unbind(
        &mut self,
        queue: &str,
        exchange: &str,
        routing_key: &str,
        arguments: FieldTable,
    ) -> Result<Answer<()>, Trouble> {
        let (name, exchange) = (ShortString::from(queue), ShortString::from(exchange));
        let key = ShortString::from(routing_key);
        self.ask(queue, |channel| async move { channel.queue_unbind(name, exchange, key, arguments).await }).await
    }

    pub(super) async fn delete_queue(&mut self, name: &str) -> Result<Answer<u32>, Trouble> {
        let queue = ShortString::from(name);
        self.ask(name, |channel| async move { channel.queue_delete(queue, QueueDeleteOptions::default()).await }).await
    }

    pub(super) async fn delete_exchange(&mut self, name: &str, if_unused: bool) -> Result<Answer<()>, Trouble> {
        let exchange = ShortString::from(name);
        let options = ExchangeDeleteOptions { if_unused, ..ExchangeDeleteOptions::default() };
        self.ask(name, |channel| async move { channel.exchange_delete(exchange, options).await }).await
    }

    /// Makes one call. The channel is kept only when the call succeeds: the broker closes it on any error.
    async fn ask<T, F>(&mut self, about: &str, call: impl FnOnce(Channel) -> F) -> Result<Answer<T>, Trouble>
    where
        F: Future<Output = lapin::Result<T>>,
    {
        let channel = match self.channel.take() {
            Some(channel) => channel,
            None => limited("opening a channel", self.connection.create_channel())
                .await?
                .map_err(|error| Trouble::of(&error))?,
        };
        match limited(about, call(channel.clone())).await? {
            Ok(done) => {
                self.channel = Some(channel);
                Ok(Answer::Done(done))
            }
            Err(error) => refusal(&error),
        }
    }
}

fn refusal<T>(error: &Error) -> Result<Answer<T>, Trouble> {
    let ErrorKind::ProtocolError(said) = error.kind() else {
        return Err(Trouble::of(error));
    };
    let words = said.get_message().to_string();
    match said.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Ok(Answer::NotFound(words)),
        // A queue that is locked belongs to another connection alone, which ours never do.
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::RESOURCELOCKED) => {
            Ok(Answer::Different(words))
        }
        _ => Err(Trouble::of(error)),
    }
}

async fn limited<T>(call: &str, future: impl Future<Output = T>) -> Result<T, Trouble> {
    tokio::time::timeout(LIMIT, future).await.map_err(|_| Trouble::late(call))
}

fn table(arguments: &[(&'static str, Argument)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString((*text).into()),
            Argument::Flag(flag) => AMQPValue::Boolean(*flag),
        };
        table.insert((*name).into(), value);
    }
    table
}
