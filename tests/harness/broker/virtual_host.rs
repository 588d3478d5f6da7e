//! A part of the test broker for one test alone.

use serde_json::json;

use super::Management;
use crate::harness::skip;

/// A virtual host on the test broker; it is deleted, with its queues, with its owner.
#[derive(Debug)]
pub struct VirtualHost {
    server: String,
    management_url: String,
    name: String,
}

impl VirtualHost {
    /// An empty virtual host; `None` when there is no broker, which is noted.
    pub fn make(test: &str) -> Option<Self> {
        let setting = |name: &str| {
            let value = std::env::var(name).ok();
            if value.is_none() {
                skip(test, &format!("RabbitMQ ({name} is not set)"));
            }
            value
        };
        let server = without_path(&setting("BOOKLY_TEST_AMQP_URL")?);
        let management_url = setting("BOOKLY_TEST_AMQP_MANAGEMENT_URL")?;
        let name = format!("bookly_{}", uuid::Uuid::now_v7().simple());
        let management = Management::new(&management_url);
        management.send("PUT", &["vhosts", &name], Some(&json!({}))).expect("a virtual host can be made");
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        let permissions = ["permissions", &name, user(&server)];
        management.send("PUT", &permissions, Some(&all)).expect("permissions can be given");
        Some(Self { server, management_url, name })
    }

    /// Where AMQP clients connect.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Where the broker's management API is.
    pub fn management_url(&self) -> String {
        self.management_url.clone()
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        let _ = Management::new(&self.management_url).send("DELETE", &["vhosts", &self.name], None);
    }
}

/// `scheme://user:password@host:port`.
fn without_path(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("the URL of a broker");
    format!("{scheme}://{}", rest.split('/').next().unwrap_or(rest))
}

fn user(server: &str) -> &str {
    let (_, rest) = server.split_once("://").expect("the URL of a broker");
    rest.rsplit_once('@').map_or("guest", |(account, _)| account.split(':').next().unwrap_or(account))
}

#[test]
fn the_parts_of_a_url_are_found() {
    assert_eq!(without_path("amqp://a:b@h:1/%2F"), "amqp://a:b@h:1");
    assert_eq!(without_path("amqp://a:b@h:1"), "amqp://a:b@h:1");
    assert_eq!((user("amqp://a:b@h:1"), user("amqp://h")), ("a", "guest"));
}
