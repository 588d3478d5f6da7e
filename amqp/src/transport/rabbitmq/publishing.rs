//! The publishing connection: opened again for ever, whatever ends it.

use std::sync::Arc;

use lapin::options::ConfirmSelectOptions;

use super::Shared;
use super::administration::Trouble;
use super::board::Part;
use super::link::{CALL, Link, limited, sentence};
use super::options::Broker;
use super::pace::Pace;
use super::publisher::Publisher;

/// Publishes, for ever.
pub(super) async fn run(shared: &Shared, broker: &Broker) {
    let mut pace = Pace::new();
    loop {
        pace.begin();
        let trouble = match open(shared, broker).await {
            Ok(mut publisher) => {
                let trouble = publisher.run().await;
                // Whoever still waits is told when the publisher is dropped, and then asks the circuit why.
                shared.circuit.open(&sentence(broker, &trouble));
                trouble
            }
            Err(trouble) => trouble,
        };
        let sentence = sentence(broker, &trouble);
        shared.circuit.open(&sentence);
        shared.board.report(Part::Publishing, &sentence);
        shared.board.reconnect();
        pace.pause().await;
    }
}

async fn open<'a>(shared: &'a Shared, broker: &Broker) -> Result<Publisher<'a>, Trouble> {
    let link = Link::open(&broker.for_publishing(), "publishing").await?;
    match shared.ensure(broker).await {
        // A queue that is wrong concerns its own consumer; what it cannot take waits among the unrouted.
        Ok(()) | Err(Trouble::Different(_)) => {}
        Err(trouble) => return Err(trouble),
    }
    let channel = limited("opening a channel", CALL, link.connection.create_channel()).await?;
    limited("confirm.select", CALL, channel.confirm_select(ConfirmSelectOptions::default())).await?;
    shared.board.clear(Part::Publishing);
    Ok(Publisher::new(shared, link, Arc::new(channel)))
}
