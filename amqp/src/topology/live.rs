//! What a broker has, as its management API tells it (<https://www.rabbitmq.com/docs/management#http-api>).

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a virtual host of a broker has, of us and of others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Its exchanges.
    pub exchanges: Vec<LiveExchange>,
    /// Its queues.
    pub queues: Vec<LiveQueue>,
    /// Its bindings, those to exchanges and those of the default exchange included.
    pub bindings: Vec<LiveBinding>,
}

/// An exchange that exists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LiveExchange {
    /// Its name; empty for the default exchange.
    pub name: String,
    /// How it routes.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it outlives a restart of the broker.
    pub durable: bool,
    /// Whether it goes when nothing is bound to it any more.
    #[serde(default)]
    pub auto_delete: bool,
    /// Whether publishers may not use it.
    #[serde(default)]
    pub internal: bool,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// A queue that exists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LiveQueue {
    /// Its name.
    pub name: String,
    /// Whether it outlives a restart of the broker.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    #[serde(default)]
    pub auto_delete: bool,
    /// Whether it belongs to one connection.
    #[serde(default)]
    pub exclusive: bool,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// What policies set on it. The broker tells it with its statistics, some seconds after a queue was made; `None`
    /// until then.
    #[serde(default, rename = "effective_policy_definition")]
    pub policies: Option<Value>,
}

/// A binding that exists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LiveBinding {
    /// The exchange that messages come from; empty for the default exchange.
    pub source: String,
    /// What they go to.
    pub destination: String,
    /// What that is: `queue` or `exchange`.
    pub destination_type: String,
    /// The routing key.
    #[serde(default)]
    pub routing_key: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

impl Live {
    /// Reads the answers to `GET /api/exchanges/{vhost}`, `/api/queues/{vhost}` and `/api/bindings/{vhost}`.
    ///
    /// # Errors
    /// Says which answer is not what RabbitMQ answers.
    pub fn read(exchanges: Value, queues: Value, bindings: Value) -> Result<Self, String> {
        let unlike = |what: &str, error: serde_json::Error| {
            format!("what came as the list of {what} is not what RabbitMQ's management API answers: {error}")
        };
        Ok(Self {
            exchanges: serde_json::from_value(exchanges).map_err(|error| unlike("exchanges", error))?,
            queues: serde_json::from_value(queues).map_err(|error| unlike("queues", error))?,
            bindings: serde_json::from_value(bindings).map_err(|error| unlike("bindings", error))?,
        })
    }
}
