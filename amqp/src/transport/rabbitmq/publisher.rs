//! Publishing events over one channel, each with a confirm of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream};
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::Shared;
use super::administration::Trouble;
use super::board::Part;
use super::link::{Link, Signal};
use super::unconfirmed::{Confirmed, Outcome, Unconfirmed};
use super::window::Window;
use super::{PublishError, properties};
use crate::catalogue;
use crate::envelope::Envelope;
use crate::topology::EXCHANGE;

/// How long the broker may take to confirm an event.
const CONFIRMING: Duration = Duration::from_secs(30);
/// How often the time limits are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Who waits for an event's end.
type Waiting = oneshot::Sender<Result<(), PublishError>>;

/// An event on its way to the broker.
#[derive(Debug)]
pub(super) struct Outgoing {
    message_id: Uuid,
    routing_key: ShortString,
    properties: BasicProperties,
    body: Vec<u8>,
    waiting: Waiting,
}

impl Outgoing {
    /// Writes an event, on the thread of whoever publishes it.
    pub(super) fn new(
        envelope: &Envelope,
    ) -> Result<(Self, oneshot::Receiver<Result<(), PublishError>>), PublishError> {
        if catalogue::find(&envelope.event_type).is_none() {
            return Err(PublishError::UnknownType { event_type: envelope.event_type.clone() });
        }
        let (waiting, receiver) = oneshot::channel();
        let outgoing = Self {
            message_id: envelope.event_id,
            routing_key: properties::short("the event type", &envelope.event_type)?,
            properties: properties::of_event(envelope)?,
            body: envelope.to_bytes().map_err(|error| PublishError::Unwritable(error.to_string()))?,
            waiting,
        };
        Ok((outgoing, receiver))
    }
}

/// What came of one publish: its number, and the library's word.
type Published = (u64, lapin::Result<Confirmation>);

/// One channel's publishes.
pub(super) struct Publisher<'a> {
    shared: &'a Shared,
    link: Link,
    channel: Arc<Channel>,
    /// `None` while the broker takes no messages.
    outgoing: Option<UnboundedReceiver<Outgoing>>,
    in_flight: FuturesUnordered<BoxFuture<'static, Published>>,
    unconfirmed: Unconfirmed<Waiting>,
    window: Window,
    ticks: Interval,
    /// Something was given up while the broker took no messages, so the channel's state is unknown.
    given_up: bool,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(shared: &'a Shared, link: Link, channel: Arc<Channel>) -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            shared,
            outgoing: Some(shared.circuit.close()),
            link,
            channel,
            in_flight: FuturesUnordered::new(),
            unconfirmed: Unconfirmed::new(),
            window: Window::new(),
            ticks,
            given_up: false,
        }
    }

    /// Publishes until something breaks, and says what.
    pub(super) async fn run(&mut self) -> Trouble {
        let (mut batch, mut published) = (Vec::new(), Vec::new());
        loop {
            let room = self.window.size().saturating_sub(self.unconfirmed.len());
            let step = tokio::select! {
                biased;
                signal = self.link.signal() => self.heed(signal),
                count = receive(&mut self.outgoing, &mut batch, room) => match count {
                    0 => Err(Trouble::Unavailable("another publisher has taken over".to_owned())),
                    _ => self.send_all(&mut batch),
                },
                () = ready(&mut self.in_flight, &mut published) => self.settle(&mut published),
                _ = self.ticks.tick() => self.look(),
            };
            self.shared.board.publishing(self.unconfirmed.len(), self.window.size(), self.window.median());
            if let Err(trouble) = step {
                return trouble;
            }
        }
    }

    fn send_all(&mut self, batch: &mut Vec<Outgoing>) -> Result<(), Trouble> {
        batch.drain(..).try_for_each(|event| self.send(event))
    }

    /// Hands an event to the library at once, so that events leave in the order of this method's calls.
    fn send(&mut self, event: Outgoing) -> Result<(), Trouble> {
        if event.waiting.is_closed() {
            return Ok(());
        }
        let number = self.unconfirmed.add(event.message_id, Instant::now(), event.waiting);
        let (channel, key, properties, body) = (self.channel.clone(), event.routing_key, event.properties, event.body);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let mut publishing = async move {
            let confirming = channel.basic_publish(EXCHANGE.into(), key, options, &body, properties).await;
            let confirmation = match confirming {
                Ok(confirming) => confirming.await,
                Err(error) => Err(error),
            };
            (number, confirmation)
        }
        .boxed();
        match (&mut publishing).now_or_never() {
            None => {
                self.in_flight.push(publishing);
                Ok(())
            }
            Some(published) => self.settle(&mut vec![published]),
        }
    }

    fn settle(&mut self, published: &mut Vec<Published>) -> Result<(), Trouble> {
        let (mut batch, mut broken) = (Vec::with_capacity(published.len()), None);
        for (number, confirmation) in published.drain(..) {
            let (refused, returned) = match confirmation {
                Ok(Confirmation::Ack(returned)) => (false, returned),
                Ok(Confirmation::Nack(returned)) => (true, returned),
                Ok(Confirmation::NotRequested) => {
                    broken = Some(Trouble::Unavailable("the channel does not confirm".to_owned()));
                    continue;
                }
                Err(error) => {
                    broken = Some(Trouble::of(&error));
                    continue;
                }
            };
            let returned = returned.and_then(|message| {
                let id =
                    message.delivery.properties.message_id().as_ref().map(ShortString::as_str).map(Uuid::parse_str);
                id.and_then(Result::ok)
            });
            batch.push(Confirmed { number, refused, returned });
        }
        let (shared, window) = (self.shared, &mut self.window);
        self.unconfirmed.settle(&batch, |waiting, outcome, at| {
            window.record(at.elapsed());
            let outcome = match outcome {
                Outcome::Confirmed => Ok(()),
                Outcome::Refused => Err(PublishError::Refused),
                Outcome::Unroutable => {
                    shared.unroutable.notify_one();
                    Err(PublishError::Unroutable)
                }
            };
            // Whoever gave up waiting does not need the answer.
            let _ = waiting.send(outcome);
        });
        broken.map_or(Ok(()), Err)
    }

    fn heed(&mut self, signal: Signal) -> Result<(), Trouble> {
        match signal {
            Signal::Blocked(reason) => {
                let reason = format!(
                    "RabbitMQ takes no messages ({reason}): give it memory or disk space, or let consumers empty its \
                     queues; events wait in the outbox"
                );
                self.shared.circuit.open(&reason);
                self.shared.board.report(Part::Publishing, &reason);
                // What was not handed over yet is turned down with it.
                self.outgoing = None;
                Ok(())
            }
            Signal::Unblocked if self.given_up => {
                Err(Trouble::Unavailable("it takes messages again, over a new connection".to_owned()))
            }
            Signal::Unblocked => {
                self.shared.board.clear(Part::Publishing);
                self.outgoing = Some(self.shared.circuit.close());
                Ok(())
            }
            Signal::Broken(trouble) if !self.link.connected() || !self.channel.status().connected() => Err(trouble),
            Signal::Broken(_) => Ok(()),
        }
    }

    fn look(&mut self) -> Result<(), Trouble> {
        if !self.channel.status().connected() {
            return Err(Trouble::Unavailable("the channel was closed".to_owned()));
        }
        if self.unconfirmed.oldest().is_none_or(|oldest| oldest.elapsed() < CONFIRMING) {
            return Ok(());
        }
        if self.outgoing.is_some() {
            return Err(Trouble::late("confirming an event"));
        }
        // A new connection would not be served either, so this one stays until the broker takes messages again.
        let reason = self.shared.circuit.reason();
        self.in_flight.clear();
        self.unconfirmed.abandon(|waiting| drop(waiting.send(Err(PublishError::Unavailable(reason.clone())))));
        self.given_up = true;
        Ok(())
    }
}

/// Waits for events, as many as there is room for. Cancel safe.
async fn receive(outgoing: &mut Option<UnboundedReceiver<Outgoing>>, batch: &mut Vec<Outgoing>, room: usize) -> usize {
    match outgoing {
        Some(outgoing) if room > 0 => outgoing.recv_many(batch, room).await,
        _ => std::future::pending().await,
    }
}

/// Waits until something is confirmed and takes all that is, because a returned message may come with the confirm of
/// another one. Cancel safe.
async fn ready(in_flight: &mut FuturesUnordered<BoxFuture<'static, Published>>, published: &mut Vec<Published>) {
    poll_fn(|cx: &mut Context<'_>| {
        while let Poll::Ready(Some(one)) = Pin::new(&mut *in_flight).poll_next(cx) {
            published.push(one);
        }
        if published.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}
