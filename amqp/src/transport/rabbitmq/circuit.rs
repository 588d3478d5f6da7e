//! Whether publishing has a chance at this moment (a circuit breaker: M. Nygard, Release It!, 2007).

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// While the circuit is closed, what is offered flows to the publisher, in the order of the calls. While it is open,
/// offers are turned down at once.
#[derive(Debug)]
pub(super) struct Circuit<T> {
    state: Mutex<State<T>>,
    closed: watch::Sender<bool>,
}

#[derive(Debug)]
enum State<T> {
    Closed(UnboundedSender<T>),
    Open(String),
}

impl<T> Circuit<T> {
    pub(super) fn open_because(reason: &str) -> Self {
        Self { state: Mutex::new(State::Open(reason.to_owned())), closed: watch::Sender::new(false) }
    }

    /// Offers something to the publisher.
    ///
    /// # Errors
    /// Why nothing can be published now.
    pub(super) fn offer(&self, item: T) -> Result<(), String> {
        match &*self.lock() {
            // The publisher ends just now.
            State::Closed(sender) => sender.send(item).map_err(|_| LOST.to_owned()),
            State::Open(reason) => Err(reason.clone()),
        }
    }

    /// Lets what is offered from now on flow to the receiver.
    pub(super) fn close(&self) -> UnboundedReceiver<T> {
        let (sender, receiver) = unbounded_channel();
        *self.lock() = State::Closed(sender);
        self.closed.send_replace(true);
        receiver
    }

    /// Turns offers down from now on.
    pub(super) fn open(&self, reason: &str) {
        *self.lock() = State::Open(reason.to_owned());
        self.closed.send_replace(false);
    }

    /// Why offers are turned down; or why something that was taken did not come to its end.
    pub(super) fn reason(&self) -> String {
        match &*self.lock() {
            State::Closed(_) => LOST.to_owned(),
            State::Open(reason) => reason.clone(),
        }
    }

    /// Waits until the circuit is closed.
    pub(super) async fn available(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LOST: &str = "the connection was lost before the broker confirmed the event";

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_is_offered_flows_only_while_the_circuit_is_closed() {
        let circuit = Circuit::open_because("not yet");
        assert_eq!(circuit.offer(1), Err("not yet".to_owned()));
        assert!(circuit.available().now_or_never().is_none());
        let mut receiver = circuit.close();
        assert!(circuit.available().now_or_never().is_some());
        assert_eq!((circuit.offer(2), circuit.offer(3)), (Ok(()), Ok(())));
        assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(2), Ok(3)));
        circuit.open("blocked");
        assert_eq!((circuit.offer(4), circuit.reason()), (Err("blocked".to_owned()), "blocked".to_owned()));
        assert!(receiver.try_recv().is_err());
        assert!(circuit.available().now_or_never().is_none());
    }

    #[test]
    fn an_offer_to_a_publisher_that_is_gone_is_turned_down() {
        let circuit = Circuit::open_because("not yet");
        drop(circuit.close());
        assert_eq!(circuit.offer(1), Err(LOST.to_owned()));
    }
}
