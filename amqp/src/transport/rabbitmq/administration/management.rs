//! The broker's management API: the only face that shows bindings and policies
//! (<https://www.rabbitmq.com/docs/management#http-api>).

use base64::prelude::{BASE64_STANDARD, Engine};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::address::Address;
use crate::topology::Live;

const LIMIT: Duration = Duration::from_secs(10);

/// A management API.
#[derive(Debug, Clone)]
pub struct Management {
    address: Address,
}

/// Why a management API did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManagementError {
    /// Its URL is none.
    #[error(
        "the management URL must be http://host:port or http://user:password@host:port; a management API that wants \
         https can be reached through a tunnel"
    )]
    Unreadable,
    /// It cannot be reached.
    #[error(
        "the management API at {at} cannot be reached: {reason}; switch it on with `rabbitmq-plugins enable \
         rabbitmq_management`, or name another address with --management-url"
    )]
    Unreachable {
        /// Host and port.
        at: String,
        /// Why.
        reason: String,
    },
    /// It refuses the user.
    #[error(
        "the management API refuses the user \"{user}\"; correct the password, or give the user the tag \"monitoring\" \
         with `rabbitmqctl set_user_tags {user} monitoring`"
    )]
    Refused {
        /// The user.
        user: String,
    },
    /// It has no such thing.
    #[error("the management API has nothing at {path}; look at the virtual host in AMQP_URL")]
    NotFound {
        /// The path.
        path: String,
    },
    /// It answered something else.
    #[error("the management API answered {0}")]
    Unexpected(String),
}

impl Management {
    /// The management API at an address.
    pub fn new(address: Address) -> Self {
        Self { address }
    }

    /// What a virtual host has.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn live(&self, vhost: &str) -> Result<Live, ManagementError> {
        let vhost = percent_encoded(vhost);
        let exchanges = self.send(Method::GET, &format!("/api/exchanges/{vhost}"), None).await?;
        let queues = self.send(Method::GET, &format!("/api/queues/{vhost}"), None).await?;
        let bindings = self.send(Method::GET, &format!("/api/bindings/{vhost}"), None).await?;
        Live::read(exchanges, queues, bindings).map_err(ManagementError::Unexpected)
    }

    /// Sends a request and reads the JSON of its answer, `null` when it is empty.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ManagementError> {
        let at = self.address.place();
        let unreachable = |reason: String| ManagementError::Unreachable { at: at.clone(), reason };
        let exchange = self.exchange(method, path, body.map(ToString::to_string).unwrap_or_default());
        let answer =
            tokio::time::timeout(LIMIT, exchange).await.map_err(|_| unreachable("no answer in time".into()))?;
        let (status, bytes) = answer.map_err(unreachable)?;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(ManagementError::Refused { user: self.address.user.clone() })
            }
            StatusCode::NOT_FOUND => Err(ManagementError::NotFound { path: path.to_owned() }),
            status if !status.is_success() => Err(ManagementError::Unexpected(status.to_string())),
            _ if bytes.is_empty() => Ok(Value::Null),
            _ => serde_json::from_slice(&bytes).map_err(|_| ManagementError::Unexpected("something else".to_owned())),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: String) -> Result<(StatusCode, Bytes), String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let place = (self.address.host.as_str(), self.address.port);
        let stream = TcpStream::connect(place).await.map_err(|error| words(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| words(&error))?;
        let credentials = BASE64_STANDARD.encode(format!("{}:{}", self.address.user, self.address.password));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.place())
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| words(&error))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|error| words(&error))?;
            let status = response.status();
            let bytes = response.into_body().collect().await.map_err(|error| words(&error))?.to_bytes();
            Ok((status, bytes))
        };
        // The connection only makes progress while it is polled, and ends with the exchange.
        let (mut exchange, mut connection) = (std::pin::pin!(exchange), std::pin::pin!(connection));
        tokio::select! {
            answer = &mut exchange => answer,
            ended = &mut connection => match ended {
                Ok(()) => exchange.await,
                Err(error) => Err(words(&error)),
            },
        }
    }
}

/// A path segment (RFC 3986, section 2.1): what is not unreserved is written as its bytes.
pub(super) fn percent_encoded(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    segment
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_virtual_host_is_one_segment() {
        assert_eq!(percent_encoded("/"), "%2F");
        assert_eq!(percent_encoded("campus/é-1"), "campus%2F%C3%A9-1");
    }

    #[tokio::test]
    async fn nobody_there_is_told_with_what_to_do() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let broker = Address::of_broker("amqp://127.0.0.1").unwrap();
        let management = Management::new(Address { port, ..broker });
        let error = management.live("/").await.unwrap_err();
        assert!(matches!(error, ManagementError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("rabbitmq-plugins enable"), "{error}");
    }
}
