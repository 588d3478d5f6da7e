//! Who is subscribed to what.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Notify, watch};

use super::receipt::Settlement;
use crate::transport::Source;
use lapin::message::Delivery;
use tokio::sync::mpsc::UnboundedSender;

/// How many messages the broker hands to a consumer before the first one is settled.
pub(super) const PREFETCH: u16 = 300;

/// A message, and the way back to the channel that delivered it. The consumer reads it, on its own thread.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) delivery: Delivery,
    pub(super) settlements: UnboundedSender<Settlement>,
}

/// A subscriber's place.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) source: Source,
    pub(super) number: u64,
    pub(super) messages: Sender<Message>,
    /// Fails once the seat is taken by somebody else, or given up.
    taken: watch::Receiver<()>,
}

impl Seat {
    /// Waits until the seat is taken by somebody else, or given up.
    pub(super) async fn lost(&mut self) {
        while self.taken.changed().await.is_ok() {}
    }
}

/// All places: one for each source.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: Mutex<Taken>,
    /// There is a new one.
    pub(super) news: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    last_number: u64,
    by_source: BTreeMap<Source, (Seat, watch::Sender<()>)>,
}

impl Seats {
    /// Takes the place of a source, from whoever had it. Returns the place's number.
    pub(super) fn take(&self, source: Source) -> (u64, Receiver<Message>) {
        let (messages, receiver) = channel(usize::from(PREFETCH));
        let (taken_sender, taken) = watch::channel(());
        let mut seats = self.lock();
        seats.last_number += 1;
        let number = seats.last_number;
        seats.by_source.insert(source, (Seat { source, number, messages, taken }, taken_sender));
        drop(seats);
        self.news.notify_one();
        (number, receiver)
    }

    /// Gives a place up, unless somebody else has it by now.
    pub(super) fn give_up(&self, source: Source, number: u64) {
        let mut seats = self.lock();
        if seats.by_source.get(&source).is_some_and(|(seat, _)| seat.number == number) {
            seats.by_source.remove(&source);
        }
    }

    /// The places that are taken.
    pub(super) fn all(&self) -> Vec<Seat> {
        self.lock().by_source.values().map(|(seat, _)| seat.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_second_subscriber_ends_the_first() {
        let seats = Seats::default();
        let (first, mut first_messages) = seats.take(Source::DeadLetters);
        let mut seat = seats.all().pop().unwrap();
        assert_eq!((seat.number, seat.lost().now_or_never()), (first, None));
        let (second, mut second_messages) = seats.take(Source::DeadLetters);
        assert_eq!(seat.lost().now_or_never(), Some(()));
        drop(seat);
        assert!(first_messages.recv().now_or_never().unwrap().is_none());
        seats.give_up(Source::DeadLetters, first);
        assert!(second_messages.recv().now_or_never().is_none());
        seats.give_up(Source::DeadLetters, second);
        assert!(second_messages.recv().now_or_never().unwrap().is_none());
    }
}
