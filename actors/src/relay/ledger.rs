//! What became of claimed events, until it is in the database.

use amqp::Envelope;
use uuid::Uuid;

use crate::dead_letters::Parcel;
use crate::event_store::outbox::{Failure, Outgoing};

/// What became of one aggregate's claimed events.
#[derive(Default)]
pub(super) struct Outcome {
    pub confirmed: Vec<i64>,
    /// Those of the confirmed that had failed before: a dead letter may tell of them.
    pub recovered: Vec<Uuid>,
    pub failed: Option<(Failure, Option<Parcel>)>,
    pub released: Vec<i64>,
}

impl Outcome {
    pub fn confirm(&mut self, position: i64, envelope: &Envelope, troubled: bool) {
        self.confirmed.push(position);
        self.recovered.extend(troubled.then_some(envelope.event_id));
    }
}

/// Outcomes that are not in the database yet.
#[derive(Default)]
pub(super) struct Ledger {
    pub confirmed: Vec<i64>,
    pub recovered: Vec<Uuid>,
    pub failed: Vec<Failure>,
    pub set_aside: Vec<Parcel>,
    pub released: Vec<i64>,
}

impl Ledger {
    pub fn enter(&mut self, outcome: Outcome) {
        self.confirmed.extend(outcome.confirmed);
        self.recovered.extend(outcome.recovered);
        if let Some((failure, set_aside)) = outcome.failed {
            self.failed.push(failure);
            self.set_aside.extend(set_aside);
        }
        self.released.extend(outcome.released);
    }

    pub fn is_empty(&self) -> bool {
        self.confirmed.is_empty() && self.failed.is_empty() && self.released.is_empty()
    }

    /// Whether nothing but confirms is in it: if the database lost those, their events would be published once more.
    pub fn is_repeatable(&self) -> bool {
        self.failed.is_empty() && self.recovered.is_empty()
    }

    /// How many failed through no fault of their own, and what the last of them failed of.
    pub fn blameless(&self) -> (usize, Option<&str>) {
        let mut blameless = self.failed.iter().filter(|failure| !failure.blames_event);
        let last = blameless.next_back().map(|failure| failure.error.as_str());
        (usize::from(last.is_some()) + blameless.count(), last)
    }

    pub fn positions(&self) -> impl Iterator<Item = i64> + '_ {
        let failed = self.failed.iter().map(|failure| failure.position);
        self.confirmed.iter().copied().chain(failed).chain(self.released.iter().copied())
    }
}

/// Claimed events, one list an aggregate, each in order.
pub(super) fn by_aggregate(claimed: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut places = std::collections::HashMap::new();
    let mut chains: Vec<Vec<Outgoing>> = Vec::new();
    for outgoing in claimed {
        let place = *places.entry(outgoing.envelope.aggregate_id).or_insert(chains.len());
        match chains.get_mut(place) {
            Some(chain) => chain.push(outgoing),
            None => chains.push(vec![outgoing]),
        }
    }
    chains
}
