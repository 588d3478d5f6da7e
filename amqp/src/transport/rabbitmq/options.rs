//! How to reach a broker.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapin::uri::AMQPUri;

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

/// Seconds between two signs of life. A peer that is silent for twice as long is gone.
const HEARTBEAT: u16 = 10;

/// Bytes of a frame on a connection that only publishes. The library keeps room for 64 frames of the size agreed on, and the
/// broker would agree to 128 KiB. Where messages of others arrive it stays so: a message whose headers do not fit into one
/// frame breaks the connection, each time that it is delivered.
const PUBLISHING_FRAME: u32 = 32 * 1024;

/// Where a broker is.
#[derive(Clone)]
pub(super) struct Broker {
    pub(super) uri: AMQPUri,
    /// Host and port, for people.
    pub(super) place: String,
}

impl Broker {
    /// Reads the address.
    ///
    /// # Errors
    /// Says what to write; the address is not repeated, because it carries a password.
    pub(super) fn read(url: &str) -> Result<Self, String> {
        let unreadable = "AMQP_URL is not a broker's address; write amqp://user:password@host:port/vhost";
        let mut uri: AMQPUri = url.parse().map_err(|_| unreadable.to_owned())?;
        // The parser takes an IPv6 address for no host at all, and would go to localhost instead.
        if let Some(address) = ipv6(url) {
            uri.authority.host = address.to_owned();
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let place = match uri.authority.host.as_str() {
            host if host.contains(':') => format!("[{host}]:{}", uri.authority.port),
            host => format!("{host}:{}", uri.authority.port),
        };
        Ok(Self { uri, place })
    }

    /// The same broker, for a connection that only publishes.
    pub(super) fn for_publishing(&self) -> Self {
        let mut broker = self.clone();
        broker.uri.query.frame_max.get_or_insert(PUBLISHING_FRAME);
        broker
    }

    pub(super) fn user(&self) -> &str {
        &self.uri.authority.userinfo.username
    }

    pub(super) fn vhost(&self) -> &str {
        &self.uri.vhost
    }
}

fn ipv6(url: &str) -> Option<&str> {
    let authority = url.split("://").nth(1)?.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.strip_prefix('[')?.split_once(']').map(|(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heartbeat_is_ours_unless_the_address_names_one() {
        assert_eq!(Broker::read("amqp://localhost").unwrap().uri.query.heartbeat, Some(10));
        assert_eq!(Broker::read("amqp://localhost?heartbeat=30").unwrap().uri.query.heartbeat, Some(30));
    }

    #[test]
    fn frames_are_small_only_where_nothing_arrives() {
        let broker = Broker::read("amqp://localhost").unwrap();
        assert_eq!((broker.uri.query.frame_max, broker.for_publishing().uri.query.frame_max), (None, Some(32_768)));
        let named = Broker::read("amqp://localhost?frame_max=8192").unwrap();
        assert_eq!(named.for_publishing().uri.query.frame_max, Some(8_192));
    }

    #[test]
    fn the_place_names_host_and_port() {
        assert_eq!(Broker::read("amqp://u:p@rabbit.example").unwrap().place, "rabbit.example:5672");
        assert_eq!(Broker::read("amqps://rabbit.example/%2f").unwrap().place, "rabbit.example:5671");
        let six = Broker::read("amqp://u:p@[2001:db8::1]:5673/campus").unwrap();
        assert_eq!((six.place.as_str(), six.uri.authority.host.as_str()), ("[2001:db8::1]:5673", "2001:db8::1"));
        assert_eq!((six.user(), six.vhost()), ("u", "campus"));
    }

    #[test]
    fn a_bad_address_is_refused_without_repeating_its_password() {
        for url in ["", "localhost", "http://u:secret@host", "amqp:u:secret", "amqp://u:secret@host:port"] {
            let Err(reason) = Broker::read(url) else { panic!("{url} was taken") };
            assert!(reason.contains("amqp://user") && !reason.contains("secret"), "{reason}");
        }
        let options = Options { url: "amqp://u:secret@host".to_owned(), recover: Arc::new(|_| unreachable!()) };
        assert!(!format!("{options:?}").contains("secret"));
    }
}
