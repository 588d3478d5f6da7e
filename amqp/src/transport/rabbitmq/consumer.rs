//! One consumer: attached to its queue for ever, whatever ends its channel.

use std::sync::Arc;
use std::time::Instant;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};

use super::Shared;
use super::administration::Trouble;
use super::board::Part;
use super::consuming::Shelf;
use super::intake::Intake;
use super::link::{CALL, limited};
use super::options::Broker;
use super::pace::Pace;
use super::seats::{PREFETCH, Seat};
use crate::topology::{DEAD_LETTER_QUEUE, Difference, Subject, Topology, UNROUTED_QUEUE, queue_name};
use crate::transport::Source;

/// After so many attempts that a queue did not answer, the connection is opened anew.
const SILENCES: u32 = 20;

/// Serves one seat.
pub(super) struct Consumer<'a> {
    shared: &'a Arc<Shared>,
    broker: &'a Broker,
    shelf: Shelf,
    seat: Seat,
    queue: String,
    silences: u32,
}

impl<'a> Consumer<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, broker: &'a Broker, shelf: Shelf, seat: Seat) -> Self {
        let queue = queue_of(seat.source);
        Self { shared, broker, shelf, seat, queue, silences: 0 }
    }

    /// Consumes, for ever.
    pub(super) async fn run(&mut self) {
        if !Topology::of_catalogue().queues.iter().any(|queue| queue.name == self.queue) {
            // A service that consumes nothing has no queue.
            self.shared.board.clear(self.part());
            return std::future::pending().await;
        }
        let mut pace = Pace::new();
        self.shared.board.begin(self.part(), &not_attached(self.seat.source, "it waits for the connection"));
        loop {
            let connection = self.shelf.connection().await;
            pace.begin();
            let trouble = self.attach(&connection).await;
            // The connection must not outlive its use here.
            drop(connection);
            self.report(&trouble.to_string());
            pace.pause().await;
        }
    }

    /// Consumes over a channel of its own until that breaks, and says why.
    async fn attach(&mut self, connection: &Connection) -> Trouble {
        if let Err(trouble) = self.shared.ensure(self.broker).await
            && concerns(&trouble, &self.queue)
        {
            return trouble;
        }
        let begun = Instant::now();
        let channel = match channel(connection).await {
            Ok(channel) => channel,
            Err(trouble) => {
                // An error says what is wrong; silence means that the connection itself is.
                if begun.elapsed() >= CALL {
                    self.shelf.suspect();
                }
                return trouble;
            }
        };
        let begun = Instant::now();
        match limited("basic.consume", CALL, self.consume(&channel)).await {
            Ok(consumer) => {
                self.shared.board.clear(self.part());
                Intake::new(channel, consumer).run(&self.seat.messages).await
            }
            Err(_) if begun.elapsed() >= CALL => self.silence(),
            Err(trouble) => trouble,
        }
    }

    /// The connection answers and the queue does not. The other queues' consumers share the connection, so it is left
    /// alone, but for the channels that would pile up on it.
    fn silence(&mut self) -> Trouble {
        self.silences += 1;
        if self.silences.is_multiple_of(SILENCES) {
            self.shelf.suspect();
        }
        let queue = &self.queue;
        Trouble::Unavailable(format!(
            "RabbitMQ does not answer for it; if that stays so, the queue has lost its leader: delete it (`rabbitmqctl \
             delete_queue {queue}`), and it is made anew and what was in it is published again"
        ))
    }

    async fn consume(&self, channel: &Channel) -> lapin::Result<lapin::Consumer> {
        let options = BasicConsumeOptions::default();
        channel.basic_consume(self.queue.as_str().into(), "".into(), options, FieldTable::default()).await
    }

    fn part(&self) -> Part {
        Part::Consumer(self.seat.source)
    }

    fn report(&self, reason: &str) {
        self.shared.board.report(self.part(), &not_attached(self.seat.source, reason));
    }
}

async fn channel(connection: &Connection) -> Result<Channel, Trouble> {
    let channel = limited("opening a channel", CALL, connection.create_channel()).await?;
    limited("basic.qos", CALL, channel.basic_qos(PREFETCH, BasicQosOptions::default())).await?;
    Ok(channel)
}

/// Says that a source's consumer is not attached.
pub(super) fn not_attached(source: Source, reason: &str) -> String {
    format!("the consumer of queue \"{}\" is not attached: {reason}", queue_of(source))
}

fn queue_of(source: Source) -> String {
    match source {
        Source::Service(service) => queue_name(service),
        Source::DeadLetters => DEAD_LETTER_QUEUE.to_owned(),
        Source::Unrouted => UNROUTED_QUEUE.to_owned(),
    }
}

/// Whether a trouble keeps a consumer from its queue. A queue that is wrong concerns only its own.
fn concerns(trouble: &Trouble, queue: &str) -> bool {
    let about = |difference: &Difference| matches!(&difference.subject, Subject::Queue { name } if name == queue);
    match trouble {
        Trouble::Different(differences) => differences.iter().any(about),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;

    #[test]
    fn each_source_has_its_queue() {
        assert_eq!(queue_of(Source::Service(Service::Availability)), "bookly.availability");
        assert_eq!(queue_of(Source::DeadLetters), "bookly.dead-letters");
        assert_eq!(queue_of(Source::Unrouted), "bookly.unrouted");
    }

    #[test]
    fn a_wrong_queue_concerns_only_its_own_consumer() {
        let wrong =
            Trouble::Different(vec![Difference::wrong_queue("bookly.reports", "is a classic queue".to_owned())]);
        assert!(concerns(&wrong, "bookly.reports"));
        assert!(!concerns(&wrong, "bookly.availability"));
        assert!(concerns(&Trouble::Recovery("no database".to_owned()), "bookly.availability"));
    }
}
