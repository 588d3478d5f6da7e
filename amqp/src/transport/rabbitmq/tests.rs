//! The road over a real broker.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use hyper::Method;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, BasicRejectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::administration::tests::broker::{Broker as TestBroker, eventually};
use super::*;
use crate::envelope::Metadata;
use crate::events::{Event, ResourceCreated, UserLoggedOut};
use crate::service::Service;
use crate::transport::{Content, Delivery, Transport};

mod blocking;
mod connecting;
mod consuming;
mod foreign;
mod publishing;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A broker that is out of memory takes messages from nobody, so that test has the broker for itself.
static ALARM: RwLock<()> = RwLock::const_new(());

/// A road over a virtual host of its own.
struct Road {
    _calm: Option<RwLockReadGuard<'static, ()>>,
    broker: TestBroker,
    transport: Transport,
    driver: JoinHandle<String>,
    /// What the hook was called with.
    recovered: Arc<Mutex<Vec<Vec<Service>>>>,
}

impl Road {
    async fn for_test(test: &str) -> Option<Self> {
        let calm = ALARM.read().await;
        Some(Self { _calm: Some(calm), ..Self::amid_alarm(test).await? })
    }

    async fn amid_alarm(test: &str) -> Option<Self> {
        let broker = TestBroker::for_test(test).await?;
        let recovered = Arc::new(Mutex::new(Vec::new()));
        let transport = transport(broker.url(), recovered.clone());
        let driver = drive(&transport);
        Some(Self { _calm: None, broker, transport, driver, recovered })
    }

    async fn publish(&self, envelope: &Arc<Envelope>) -> Result<(), PublishError> {
        in_time("publishing", self.transport.publish(envelope.clone(), false)).await
    }

    /// Publishes again while the broker is not available, as an outbox does.
    async fn publish_until_confirmed(&self, envelope: &Arc<Envelope>) {
        let publishing = async {
            while let Err(error) = self.transport.publish(envelope.clone(), false).await {
                assert!(!error.blames_event(), "{error}");
                self.transport.available().await;
                tokio::task::yield_now().await;
            }
        };
        in_time("publishing until it is confirmed", publishing).await;
    }

    fn troubles(&self) -> String {
        self.transport.condition().troubles.join("\n")
    }

    async fn well(&self) {
        eventually("all is well", || async { self.troubles().is_empty() }).await;
    }

    async fn close(self) {
        self.driver.abort();
        let _ = self.driver.await;
        self.broker.close().await;
    }
}

fn transport(url: String, recovered: Arc<Mutex<Vec<Vec<Service>>>>) -> Transport {
    let recover = move |services| {
        recovered.lock().unwrap().push(services);
        async { Ok(()) }.boxed()
    };
    Transport::rabbitmq(Options { url, recover: Arc::new(recover) })
}

fn drive(transport: &Transport) -> JoinHandle<String> {
    let transport = transport.clone();
    tokio::spawn(async move { transport.drive().await })
}

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("{what} took too long"))
}

fn envelope<E: Event>(version: i64) -> Arc<Envelope> {
    let at = "2026-03-02T12:00:00Z".parse().unwrap();
    let id = Uuid::from_u64_pair(7, version.unsigned_abs());
    Arc::new(Envelope::new(&E::example(), id, version, at, Metadata::new(Uuid::nil())).unwrap())
}

fn availability() -> Source {
    Source::Service(Service::Availability)
}

async fn next(subscription: &mut crate::transport::Subscription) -> Delivery {
    in_time("a delivery", subscription.next()).await.expect("the subscription goes on")
}

fn version(delivery: &Delivery) -> i64 {
    match delivery.content() {
        Content::Event(envelope) => envelope.version,
        Content::Unreadable { reason, .. } => panic!("{reason}"),
    }
}

/// A client that is not Bookly.
async fn stranger(broker: &TestBroker) -> (Connection, Channel) {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

async fn close_connections(broker: &TestBroker) {
    let path = format!("/api/vhosts/{}/connections", broker.vhost());
    eventually("the management API shows the connections", || async {
        let connections = broker.api(Method::GET, &path, Value::Null).await;
        connections.as_array().is_some_and(|connections| connections.len() >= 2)
    })
    .await;
    for connection in broker.api(Method::GET, &path, Value::Null).await.as_array().unwrap() {
        let name = connection["name"].as_str().unwrap().replace(' ', "%20").replace('>', "%3E");
        broker.api(Method::DELETE, &format!("/api/connections/{name}"), Value::Null).await;
    }
}

async fn delete_queue(broker: &TestBroker, queue: &str) {
    broker.api(Method::DELETE, &format!("/api/queues/{}/{queue}", broker.vhost()), Value::Null).await;
}
