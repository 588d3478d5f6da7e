//! One connection to the broker.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use lapin::{Connection, ConnectionProperties, Event};

use super::administration::Trouble;
use super::options::Broker;

/// How long opening a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long any other call may take.
pub(super) const CALL: Duration = Duration::from_secs(5);
/// How often a connection is looked at, besides listening to what it says.
const LOOK: Duration = Duration::from_secs(1);

/// A connection, and what it says about itself.
pub(super) struct Link {
    pub(super) connection: Arc<Connection>,
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
}

/// What a connection says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// The broker takes no messages, and why.
    Blocked(String),
    /// It takes them again.
    Unblocked,
    /// The connection is gone, or one of its channels.
    Broken(Trouble),
}

impl Link {
    /// Opens a connection called `bookly <role>`. It never mends itself: the library's own recovery gives up after a
    /// while, and keeps its consumers waiting for ever after an error of their channel.
    pub(super) async fn open(broker: &Broker, role: &str) -> Result<Self, Trouble> {
        let properties = ConnectionProperties::default().with_connection_name(format!("bookly {role}").into());
        let connecting = Box::pin(Connection::connect_uri(broker.uri.clone(), properties));
        let connection = limited("opening a connection", CONNECTING, connecting).await?;
        let events = Box::pin(connection.events_listener());
        Ok(Self { connection: Arc::new(connection), events })
    }

    pub(super) fn connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Waits for what the connection says next. Cancel safe.
    pub(super) async fn signal(&mut self) -> Signal {
        loop {
            match tokio::time::timeout(LOOK, self.events.next()).await {
                Ok(Some(Event::ConnectionBlocked(reason))) => return Signal::Blocked(reason),
                Ok(Some(Event::ConnectionUnblocked)) => return Signal::Unblocked,
                Ok(Some(Event::Error(error))) => return Signal::Broken(Trouble::of(&error)),
                Ok(None) => return Signal::Broken(gone()),
                Ok(Some(_)) => {}
                Err(_) if self.connected() => {}
                Err(_) => return Signal::Broken(gone()),
            }
        }
    }
}

fn gone() -> Trouble {
    Trouble::Unavailable("the connection was closed".to_owned())
}

/// Makes one call of the library, within a time limit: on a connection that the broker holds back, calls hang without
/// an error.
pub(super) async fn limited<T>(
    call: &str,
    limit: Duration,
    future: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, future).await {
        Ok(result) => result.map_err(|error| Trouble::of(&error)),
        Err(_) => Err(Trouble::late(call)),
    }
}

/// Says what is wrong with a broker, in one sentence for people.
pub(super) fn sentence(broker: &Broker, trouble: &Trouble) -> String {
    let place = &broker.place;
    match trouble {
        Trouble::Unavailable(words) => {
            format!("RabbitMQ at {place} cannot be reached: {words}; it is tried again for ever")
        }
        Trouble::Credentials(words) => {
            format!("RabbitMQ at {place} refuses the user {}: check AMQP_URL; {words}", broker.user())
        }
        Trouble::Vhost(words) => {
            format!("RabbitMQ at {place} refuses the virtual host \"{}\": check AMQP_URL; {words}", broker.vhost())
        }
        Trouble::Different(_) | Trouble::Recovery(_) => format!("RabbitMQ at {place}: {trouble}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_its_sentence_and_none_shows_the_password() {
        let broker = Broker::read("amqp://bookly:secret@rabbit.example/campus").unwrap();
        let said = |trouble: fn(String) -> Trouble| sentence(&broker, &trouble("why".to_owned()));
        let absent = "RabbitMQ at rabbit.example:5672 cannot be reached: why; it is tried again for ever";
        assert_eq!(said(Trouble::Unavailable), absent);
        let refused = "RabbitMQ at rabbit.example:5672 refuses the user bookly: check AMQP_URL; why";
        assert_eq!(said(Trouble::Credentials), refused);
        assert!(said(Trouble::Vhost).contains("refuses the virtual host \"campus\": check AMQP_URL; why"));
        assert!(said(Trouble::Recovery).ends_with("why"));
        assert!(!said(Trouble::Credentials).contains("secret"));
    }
}
