//! One consumer's channel: messages come in, acknowledgements go out.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicNackOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::acknowledger::{Acknowledger, Command};
use super::administration::Trouble;
use super::link::CALL;
use super::receipt::Settlement;
use super::seats::Message;

/// How many settlements are taken at a time.
const SETTLEMENTS: usize = 1_000;

/// How often the queue is asked whether it knows this consumer. A queue that is deleted and made again in the same
/// moment may have forgotten it without a word.
const CHECK: Duration = Duration::from_secs(15);

/// A channel and its consumer.
pub(super) struct Intake {
    channel: Channel,
    consumer: Consumer,
    acknowledger: Acknowledger,
    settlements: (UnboundedSender<Settlement>, UnboundedReceiver<Settlement>),
    /// Calls that are not through yet, and since when.
    writing: FuturesUnordered<BoxFuture<'static, lapin::Result<()>>>,
    writing_since: Option<Instant>,
    /// A message that the subscriber has no room for.
    waiting: Option<Message>,
    checks: Interval,
}

impl Intake {
    pub(super) fn new(channel: Channel, consumer: Consumer) -> Self {
        let mut checks = interval_at((Instant::now() + CHECK).into(), CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            checks,
            channel,
            consumer,
            acknowledger: Acknowledger::new(),
            settlements: unbounded_channel(),
            writing: FuturesUnordered::new(),
            writing_since: None,
            waiting: None,
        }
    }

    /// Works until the channel breaks, and says why.
    pub(super) async fn run(&mut self, messages: &Sender<Message>) -> Trouble {
        let mut settled = Vec::with_capacity(SETTLEMENTS);
        loop {
            let due = self.acknowledger.due();
            let step = tokio::select! {
                biased;
                Some(written) = self.writing.next() => self.written(written),
                _ = self.settlements.1.recv_many(&mut settled, SETTLEMENTS) => self.settle(&mut settled),
                () = at(due) => self.tell(),
                message = self.consumer.next(), if self.waiting.is_none() => self.arrive(message, messages).and_then(|()| self.arrive_too(messages)),
                room = messages.reserve(), if self.waiting.is_some() => match (room, self.waiting.take()) {
                    (Ok(room), Some(message)) => { room.send(message); Ok(()) }
                    _ => Err(Trouble::Unavailable("nobody is subscribed".to_owned())),
                },
                _ = self.checks.tick() => self.hand_over(check(self.channel.clone(), self.consumer.queue()).boxed()),
                () = at(self.writing_since.map(|since| since + CALL)) => Err(Trouble::late("basic.ack")),
            };
            if let Err(trouble) = step {
                return trouble;
            }
        }
    }

    /// A message has come. `None` means that the broker cancelled the consumer, as it does when the queue is deleted;
    /// after an error the library never yields anything again.
    fn arrive(
        &mut self,
        message: Option<lapin::Result<lapin::message::Delivery>>,
        messages: &Sender<Message>,
    ) -> Result<(), Trouble> {
        let delivery = match message {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(Trouble::of(&error)),
            None => return Err(Trouble::Unavailable("the broker ended it, perhaps with its queue".to_owned())),
        };
        if !self.acknowledger.delivered(delivery.delivery_tag, Instant::now()) {
            return Err(Trouble::Unavailable("the broker numbers its deliveries wrongly".to_owned()));
        }
        let message = Message { delivery, settlements: self.settlements.0.clone() };
        self.waiting = messages.try_send(message).err().map(|error| error.into_inner());
        Ok(())
    }

    /// Takes what has come as well, of which the broker sends no more than the prefetch: a turn of the loop for each would
    /// cost two timers.
    fn arrive_too(&mut self, messages: &Sender<Message>) -> Result<(), Trouble> {
        while self.waiting.is_none()
            && let Some(message) = self.consumer.next().now_or_never()
        {
            self.arrive(message, messages)?;
        }
        Ok(())
    }

    fn settle(&mut self, settled: &mut Vec<Settlement>) -> Result<(), Trouble> {
        let now = Instant::now();
        for Settlement { tag, handled } in settled.drain(..) {
            if handled { self.acknowledger.settle(tag, now) } else { self.acknowledger.reject(tag, now) }
        }
        if self.acknowledger.due().is_some_and(|due| due <= now) { self.tell() } else { Ok(()) }
    }

    /// Hands the commands to the library at once, so that they leave in their order: a message that goes back must
    /// have gone before an acknowledgement could cover it. The library's own settling of a delivery goes through tasks,
    /// which keep no order, and answers `Ok(false)` where the channel answers with an error.
    fn tell(&mut self) -> Result<(), Trouble> {
        for command in self.acknowledger.take(Instant::now()) {
            self.hand_over(write(self.channel.clone(), command).boxed())?;
        }
        Ok(())
    }

    fn hand_over(&mut self, mut writing: BoxFuture<'static, lapin::Result<()>>) -> Result<(), Trouble> {
        match (&mut writing).now_or_never() {
            None => {
                self.writing_since.get_or_insert_with(Instant::now);
                self.writing.push(writing);
                Ok(())
            }
            Some(written) => self.written(written),
        }
    }

    fn written(&mut self, written: lapin::Result<()>) -> Result<(), Trouble> {
        self.writing_since = (!self.writing.is_empty()).then(Instant::now);
        written.map_err(|error| Trouble::of(&error))
    }
}

async fn write(channel: Channel, command: Command) -> lapin::Result<()> {
    match command {
        Command::Ack { tag, multiple } => channel.basic_ack(tag, BasicAckOptions { multiple }).await,
        Command::Requeue { tag } => channel.basic_nack(tag, BasicNackOptions { multiple: false, requeue: true }).await,
    }
}

async fn check(channel: Channel, queue: ShortString) -> lapin::Result<()> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match channel.queue_declare(queue, options, FieldTable::default()).await?.consumer_count() {
        0 => Err(std::io::Error::other("the queue has forgotten its consumer").into()),
        _ => Ok(()),
    }
}

/// Waits until a moment; for ever if there is none.
fn at(moment: Option<Instant>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).boxed(),
        None => std::future::pending().boxed(),
    }
}
