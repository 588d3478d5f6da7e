//! The broker's management API (<https://www.rabbitmq.com/docs/management#http-api>), as far as tests need it.

use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use super::Queue;

/// A client of the management API; user and password are in its URL.
pub struct Management {
    agent: Agent,
    base: String,
}

impl Management {
    /// A client of the API at this URL.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { agent: config.build().into(), base: url.trim_end_matches('/').to_owned() }
    }

    /// Sends a request to the path of these segments; an error holds what the broker answered instead of 2xx.
    pub fn send(&self, method: &str, path: &[&str], body: Option<&Value>) -> Result<Value, String> {
        let path: String = path.iter().map(|segment| format!("/{}", encoded(segment))).collect();
        let request = Request::builder().method(method).uri(format!("{}/api{path}", self.base));
        let request = request.header("content-type", "application/json");
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let sent = self.agent.run(request.body(bytes).expect("a request"));
        let mut response = sent.map_err(|error| format!("{method} {path}: {error}"))?;
        let text = response.body_mut().read_to_string().map_err(|error| format!("{method} {path}: {error}"))?;
        if response.status().is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        Err(format!("{method} {path}: {} {text}", response.status()))
    }

    fn list(&self, path: &[&str]) -> Vec<Value> {
        let answer = self.send("GET", path, None).expect("the management API answers");
        answer.as_array().cloned().unwrap_or_default()
    }

    /// Closes every connection, and tells how many there were.
    pub fn close_connections(&self) -> usize {
        let connections = self.list(&["connections"]);
        let names = connections.iter().filter_map(|connection| connection["name"].as_str());
        // One that has ended by itself meanwhile is not found, which is as good.
        names.filter(|name| self.send("DELETE", &["connections", name], None).is_ok()).count()
    }

    /// The queues of a virtual host.
    pub fn queues(&self, host: &str) -> Vec<Queue> {
        let count = |queue: &Value, field: &str| queue[field].as_u64().unwrap_or_default();
        let read = |queue: Value| Queue {
            name: queue["name"].as_str().expect("a name").to_owned(),
            messages: count(&queue, "messages"),
            consumers: count(&queue, "consumers"),
        };
        self.list(&["queues", host]).into_iter().map(read).collect()
    }
}

/// A path's segment (RFC 3986, section 3.3), where all but unreserved characters are encoded.
fn encoded(segment: &str) -> String {
    segment.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[test]
fn a_segment_may_hold_anything() {
    assert_eq!(encoded("/"), "%2F");
    assert_eq!(encoded("127.0.0.1:5 -> é"), "127.0.0.1%3A5%20-%3E%20%C3%A9");
}
