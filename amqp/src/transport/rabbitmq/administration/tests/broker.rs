//! A real broker, for tests: each test has a virtual host of its own on it.

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::super::address::Address;
use super::super::management::{Management, percent_encoded};
use crate::topology::Live;

/// The broker that the environment names, and a virtual host on it.
pub(in crate::transport::rabbitmq) struct Broker {
    pub(in crate::transport::rabbitmq) address: Address,
    management: Management,
}

impl Broker {
    /// An empty virtual host for the test with this name; `None` when there is no broker, and then the test is noted as
    /// skipped, or fails where everything was to be there.
    pub(in crate::transport::rabbitmq) async fn for_test(test: &str) -> Option<Self> {
        let Some(url) = setting("BOOKLY_TEST_AMQP_URL") else {
            skip(test, "BOOKLY_TEST_AMQP_URL");
            return None;
        };
        let Some(management) = setting("BOOKLY_TEST_AMQP_MANAGEMENT_URL") else {
            skip(test, "BOOKLY_TEST_AMQP_MANAGEMENT_URL");
            return None;
        };
        let address = Address::of_broker(&url).unwrap();
        let management = Management::new(Address::of_management(&management, &address).unwrap());
        let vhost = format!("{test} {}", std::process::id());
        let broker = Self { address: Address { vhost, ..address }, management };
        let vhost = broker.vhost();
        broker.api(Method::PUT, &format!("/api/vhosts/{vhost}"), json!({})).await;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        let user = percent_encoded(&broker.address.user);
        broker.api(Method::PUT, &format!("/api/permissions/{vhost}/{user}"), all).await;
        Some(broker)
    }

    /// The virtual host, as it is written in a path.
    pub(in crate::transport::rabbitmq) fn vhost(&self) -> String {
        percent_encoded(&self.address.vhost)
    }

    /// The virtual host's URL.
    pub(in crate::transport::rabbitmq) fn url(&self) -> String {
        url(&self.address)
    }

    /// Asks the management API.
    pub(in crate::transport::rabbitmq) async fn api(&self, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(&body);
        self.management
            .send(method.clone(), path, body)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// What the virtual host has.
    pub(in crate::transport::rabbitmq) async fn live(&self) -> Live {
        self.management.live(&self.address.vhost).await.unwrap()
    }

    /// Deletes the virtual host with everything in it.
    pub(in crate::transport::rabbitmq) async fn close(self) {
        self.api(Method::DELETE, &format!("/api/vhosts/{}", self.vhost()), Value::Null).await;
    }
}

/// An address as it is written in `AMQP_URL`.
pub(in crate::transport::rabbitmq) fn url(address: &Address) -> String {
    let [user, password, vhost] = [&address.user, &address.password, &address.vhost].map(|text| percent_encoded(text));
    format!("amqp://{user}:{password}@{}/{vhost}", address.place())
}

/// Waits until a condition holds.
pub(in crate::transport::rabbitmq) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut holds: impl FnMut() -> F,
) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("it did not come: {what}"));
}

fn setting(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}

pub(in crate::transport::rabbitmq) fn skip(test: &str, variable: &str) {
    let missing = format!("{test}: RabbitMQ ({variable} is not set)");
    assert!(std::env::var_os("BOOKLY_TEST_REQUIRED").is_none(), "{missing}, which the test command was to provide");
    eprintln!("skipped: {missing}");
    if let Some(path) = std::env::var_os("BOOKLY_TEST_SKIPPED") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| writeln!(file, "{missing}")).expect("the list of skipped tests can be written");
    }
}
