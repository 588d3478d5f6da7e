//! The road over RabbitMQ.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Condition, Delivery, PublishError, Source};
use crate::envelope::Envelope;
use crate::response::ResponseEnvelope;
use crate::service::Service;

/// What is called with the services whose queues are missing, before they are made: whatever was in them is gone, so
/// their events have to be published again. Made again later when this fails.
pub type Recover = Arc<dyn Fn(Vec<Service>) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How to reach a broker.
#[derive(Clone)]
pub struct Options {
    /// Its address: `amqp://user:password@host:port/vhost` (<https://www.rabbitmq.com/docs/uri-spec>).
    pub url: String,
    /// See [`Recover`].
    pub recover: Recover,
}

impl std::fmt::Debug for Options {
    /// Never shows the URL, which carries a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Options")
    }
}

/// A road over a broker. Clones share it.
#[derive(Debug, Clone)]
pub struct RabbitMq {}

impl RabbitMq {
    pub(super) fn new(_: Options) -> Self {
        Self {}
    }
    pub(super) async fn drive(&self) -> String {
        std::future::pending().await
    }
    pub(super) fn condition(&self) -> Condition {
        Condition::default()
    }
    pub(super) async fn available(&self) {}
    pub(super) fn publish(&self, _: &Arc<Envelope>) -> impl Future<Output = Result<(), PublishError>> + Send + use<> {
        async { Err(PublishError::Refused) }
    }
    pub(super) fn subscribe(&self, _: Source) -> Subscription {
        Subscription {}
    }
}

/// Deliveries of one source.
#[derive(Debug)]
pub(super) struct Subscription {}

impl Subscription {
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        None
    }
}

/// Settles one delivery.
#[derive(Debug)]
pub(super) struct Receipt {}

impl Receipt {
    pub(super) fn wants_answer(&self) -> bool {
        false
    }
    pub(super) fn answer(&self, _: &ResponseEnvelope) {}
    pub(super) fn ack(self) {}
    pub(super) fn reject(self, _: &str) {}
}
