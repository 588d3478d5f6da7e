//! The consuming connection, shared by all consumers, and who is attached to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::Connection;
use tokio::sync::{Notify, watch};

use super::Shared;
use super::administration::Trouble;
use super::board::Part;
use super::consumer::Consumer;
use super::link::{Link, Signal, sentence};
use super::options::Broker;
use super::pace::Pace;
use super::seats::Seat;

/// The connection as its consumers see it.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    connection: watch::Receiver<Option<Arc<Connection>>>,
    suspect: Arc<Notify>,
}

impl Shelf {
    /// Waits for the connection.
    pub(super) async fn connection(&mut self) -> Arc<Connection> {
        loop {
            if let Some(connection) = self.connection.borrow_and_update().clone() {
                return connection;
            }
            if self.connection.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The connection does not answer, and has to be opened again.
    pub(super) fn suspect(&self) {
        self.suspect.notify_one();
    }
}

/// Consumes, for ever.
pub(super) async fn run(shared: &Arc<Shared>, broker: &Broker) {
    let (sender, connection) = watch::channel(None);
    let shelf = Shelf { connection, suspect: Arc::default() };
    let suspect = shelf.suspect.clone();
    futures_util::join!(connect(shared, broker, &sender, &suspect), attach(shared, broker, &shelf));
}

/// Keeps the connection up.
async fn connect(shared: &Shared, broker: &Broker, shelf: &watch::Sender<Option<Arc<Connection>>>, suspect: &Notify) {
    let mut pace = Pace::new();
    loop {
        pace.begin();
        let trouble = match Link::open(broker, "consuming").await {
            Ok(link) => {
                shared.board.clear(Part::Consuming);
                hold(link, shelf, suspect).await
            }
            Err(trouble) => trouble,
        };
        shared.board.report(Part::Consuming, &sentence(broker, &trouble));
        shared.board.reconnect();
        pace.pause().await;
    }
}

/// Offers a connection until it breaks, and says why.
async fn hold(mut link: Link, shelf: &watch::Sender<Option<Arc<Connection>>>, suspect: &Notify) -> Trouble {
    // What somebody suspected of the connection before this one says nothing about this one.
    let _ = suspect.notified().now_or_never();
    shelf.send_replace(Some(link.connection.clone()));
    let trouble = loop {
        let signal = tokio::select! {
            signal = link.signal() => signal,
            () = suspect.notified() => break Trouble::late("consuming"),
        };
        if let Signal::Broken(trouble) = signal
            && !link.connected()
        {
            break trouble;
        }
    };
    shelf.send_replace(None);
    trouble
}

/// Serves each subscriber.
async fn attach(shared: &Arc<Shared>, broker: &Broker, shelf: &Shelf) {
    let (mut served, mut serving) = (BTreeSet::new(), FuturesUnordered::new());
    loop {
        let seats = shared.seats.all();
        served.retain(|number| seats.iter().any(|seat| seat.number == *number));
        for seat in seats {
            if served.insert(seat.number) {
                serving.push(serve(shared, broker, shelf, seat));
            }
        }
        tokio::select! {
            () = shared.seats.news.notified() => {}
            Some(()) = serving.next() => {}
        }
    }
}

async fn serve(shared: &Arc<Shared>, broker: &Broker, shelf: &Shelf, seat: Seat) {
    let (source, mut watched, messages) = (seat.source, seat.clone(), seat.messages.clone());
    let mut consumer = Consumer::new(shared, broker, shelf.clone(), seat);
    tokio::select! {
        biased;
        () = watched.lost() => {}
        () = messages.closed() => {}
        () = consumer.run() => {}
    }
    drop(consumer);
    // Another one may have taken the place, and reports for itself.
    if !shared.seats.all().iter().any(|seat| seat.source == source) {
        shared.board.clear(Part::Consumer(source));
    }
}
