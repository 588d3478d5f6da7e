//! The road over RabbitMQ.
//!
//! | module | answers for |
//! |---|---|
//! | `options` | where the broker is |
//! | `link`, `pace` | one connection: time limits, what it says about itself, and how fast a new one is tried |
//! | `circuit`, `board` | what the users of the road see of it |
//! | `publishing`, `publisher`, `window`, `unconfirmed`, `properties` | the publishing connection |
//! | `consuming`, `consumer`, `intake`, `acknowledger` | the consuming connection |
//! | `seats`, `subscription`, `receipt`, `reading` | the consumers' side of it |
//! | `answering` | answers to senders that ask for one |
//! | `administration` | exchanges, queues and bindings |
//!
//! Everything that talks to the broker runs inside `RabbitMq::drive` and ends with it.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;

use self::administration::Administration;
use self::answering::Answers;
use self::board::{Board, Part};
use self::circuit::Circuit;
use self::options::Broker;
use self::pace::Pace;
use self::publisher::Outgoing;
use self::seats::Seats;
use super::{Condition, PublishError, Source};
use crate::envelope::Envelope;

mod acknowledger;
mod administration;
mod answering;
mod board;
mod circuit;
mod consumer;
mod consuming;
mod intake;
mod link;
mod options;
mod pace;
mod properties;
mod publisher;
mod publishing;
mod reading;
mod receipt;
mod seats;
mod subscription;
mod unconfirmed;
mod window;

pub use administration::{Address, Applied, Management, ManagementError, Recreate, Trouble, apply, inspect};
pub use options::{Options, Recover};

pub(super) use receipt::Receipt;
pub(super) use subscription::Subscription;

/// What is said while nobody polls [`RabbitMq::drive`].
const AT_REST: &str = "the road over RabbitMQ is not running; it starts with the bridge";

/// What is said until the first attempt has ended.
const CONNECTING: &str = "the connection to RabbitMQ is being opened";

/// A road over a broker. Clones share it.
#[derive(Debug, Clone)]
pub struct RabbitMq {
    shared: Arc<Shared>,
}

/// What the road's users and its driver share.
struct Shared {
    url: String,
    administration: Administration,
    circuit: Circuit<Outgoing>,
    board: Board,
    seats: Seats,
    answers: Answers,
    /// A message was returned, so the topology is incomplete.
    unroutable: Notify,
    /// One driver at a time.
    driver: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitMq").field("board", &self.board).field("seats", &self.seats).finish_non_exhaustive()
    }
}

impl RabbitMq {
    pub(super) fn new(options: Options) -> Self {
        let board = Board::default();
        board.begin(Part::Road, AT_REST);
        let shared = Shared {
            url: options.url.clone(),
            administration: Administration::new(options),
            circuit: Circuit::open_because(AT_REST),
            board,
            seats: Seats::default(),
            answers: Answers::default(),
            unroutable: Notify::new(),
            driver: tokio::sync::Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Talks to the broker. Dropped, it closes its connections, and everything unconfirmed fails.
    pub(super) async fn drive(&self) -> String {
        let shared = &self.shared;
        let _turn = shared.driver.lock().await;
        let broker = match Broker::read(&shared.url) {
            Ok(broker) => broker,
            Err(reason) => {
                shared.board.report(Part::Road, &reason);
                return reason;
            }
        };
        let _running = Running::begin(shared);
        let parts = async {
            futures_util::join!(
                publishing::run(shared, &broker),
                consuming::run(shared, &broker),
                shared.answers.send(&broker),
                shared.mend(&broker),
            )
        };
        Box::pin(parts).await;
        "the road over RabbitMQ has ended".to_owned()
    }

    pub(super) fn condition(&self) -> Condition {
        self.shared.board.condition()
    }

    pub(super) async fn available(&self) {
        self.shared.circuit.available().await;
    }

    pub(super) fn publish(&self, envelope: &Envelope) -> impl Future<Output = Result<(), PublishError>> + Send + use<> {
        let shared = self.shared.clone();
        let waiting = Outgoing::new(envelope).and_then(|(outgoing, waiting)| {
            shared.circuit.offer(outgoing).map_err(PublishError::Unavailable)?;
            Ok(waiting)
        });
        async move {
            let outcome = waiting?.await;
            outcome.unwrap_or_else(|_| Err(PublishError::Unavailable(shared.circuit.reason())))
        }
    }

    pub(super) fn subscribe(&self, source: Source) -> Subscription {
        self.shared.board.begin(Part::Consumer(source), &consumer::not_attached(source, "it has only just subscribed"));
        Subscription::new(self.shared.clone(), source)
    }
}

impl Shared {
    /// Makes what is missing on the broker.
    async fn ensure(&self, broker: &Broker) -> Result<(), Trouble> {
        let result = self.administration.ensure().await;
        match &result {
            Ok(()) => self.board.clear(Part::Topology),
            Err(trouble) => self.board.report(Part::Topology, &link::sentence(broker, trouble)),
        }
        result
    }

    /// Looks after the topology whenever a message was returned.
    async fn mend(&self, broker: &Broker) {
        let mut pace = Pace::new();
        loop {
            self.unroutable.notified().await;
            pace.begin();
            // What it cannot mend is on the board; the next returned message asks again.
            let _ = self.ensure(broker).await;
            pace.pause().await;
        }
    }
}

/// The time during which somebody drives.
struct Running<'a>(&'a Shared);

impl<'a> Running<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.board.clear(Part::Road);
        shared.board.begin(Part::Publishing, CONNECTING);
        shared.board.begin(Part::Consuming, CONNECTING);
        Self(shared)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.circuit.open(AT_REST);
        self.0.board.forget();
        self.0.board.begin(Part::Road, AT_REST);
    }
}

#[cfg(test)]
mod tests;
