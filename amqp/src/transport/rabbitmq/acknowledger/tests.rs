use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn delivered(count: u64, now: Instant) -> Acknowledger {
    let mut acknowledger = Acknowledger::new();
    assert!((1..=count).all(|tag| acknowledger.delivered(tag, now)));
    acknowledger
}

#[test]
fn fifty_are_acknowledged_at_once_and_together() {
    let now = Instant::now();
    let mut acknowledger = delivered(60, now);
    (1..50).for_each(|tag| acknowledger.settle(tag, now));
    assert_eq!(acknowledger.take(now), []);
    acknowledger.settle(50, now);
    assert_eq!(acknowledger.due(), Some(now));
    assert_eq!(acknowledger.take(now), [Command::Ack { tag: 50, multiple: true }]);
    assert_eq!(acknowledger.due(), None);
}

#[test]
fn a_few_wait_for_others_only_a_moment() {
    let now = Instant::now();
    let mut acknowledger = delivered(3, now);
    acknowledger.settle(1, now);
    assert_eq!(acknowledger.due(), Some(now + GATHERING));
    assert_eq!(acknowledger.take(now), []);
    assert_eq!(acknowledger.take(now + GATHERING), [Command::Ack { tag: 1, multiple: false }]);
    acknowledger.settle(1, now);
    assert_eq!(acknowledger.due(), None);
}

#[test]
fn what_is_settled_behind_a_slow_delivery_is_acknowledged_one_by_one() {
    let now = Instant::now();
    let mut acknowledger = delivered(100, now);
    (2..=99).for_each(|tag| acknowledger.settle(tag, now));
    assert_eq!(acknowledger.due(), Some(now + PATIENCE));
    assert_eq!(acknowledger.take(now + GATHERING), []);
    let late = now + PATIENCE;
    let expected: Vec<_> = (2..=99).map(|tag| Command::Ack { tag, multiple: false }).collect();
    assert_eq!(acknowledger.take(late), expected);
    assert_eq!(acknowledger.due(), None);
    acknowledger.settle(1, late);
    assert_eq!(acknowledger.take(late + GATHERING), [Command::Ack { tag: 1, multiple: false }]);
}

#[test]
fn a_rejected_delivery_rests_and_is_never_covered_by_an_acknowledgement() {
    let now = Instant::now();
    let mut acknowledger = delivered(3, now);
    acknowledger.settle(1, now);
    acknowledger.reject(2, now);
    acknowledger.settle(3, now);
    assert_eq!(acknowledger.take(now + GATHERING), [Command::Ack { tag: 1, multiple: false }]);
    assert_eq!(acknowledger.due(), Some(now + REST));
    let both = [Command::Requeue { tag: 2 }, Command::Ack { tag: 3, multiple: false }];
    assert_eq!(acknowledger.take(now + REST), both);
    assert_eq!(acknowledger.due(), None);
}

#[test]
fn tags_that_go_backwards_are_noticed() {
    let mut acknowledger = delivered(3, Instant::now());
    assert!(!acknowledger.delivered(3, Instant::now()));
    assert!(!acknowledger.delivered(1, Instant::now()));
    assert!(acknowledger.delivered(7, Instant::now()));
}

#[derive(Debug, Clone)]
enum Step {
    Deliver,
    Settle { index: prop::sample::Index, handled: bool },
    Wait { milliseconds: u64 },
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Deliver),
        4 => (any::<prop::sample::Index>(), prop::bool::weighted(0.9))
            .prop_map(|(index, handled)| Step::Settle { index, handled }),
        1 => prop_oneof![0_u64..10, 0_u64..2_000].prop_map(|milliseconds| Step::Wait { milliseconds }),
        2 => Just(Step::Take),
    ];
    prop::collection::vec(step, 0..300)
}

/// What the broker makes of the commands.
#[derive(Default)]
struct Broker {
    unacknowledged: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
    requeued: BTreeSet<u64>,
}

impl Broker {
    fn obey(&mut self, command: Command) {
        match command {
            Command::Ack { tag, multiple } => {
                assert!(self.unacknowledged.contains(&tag), "{tag} is unknown, which closes the channel");
                let behind = self.unacknowledged.split_off(&(tag + 1));
                let (acknowledged, rest) = std::mem::replace(&mut self.unacknowledged, behind)
                    .into_iter()
                    .partition(|&other| multiple || other == tag);
                self.acknowledged = &self.acknowledged | &acknowledged;
                let rest: BTreeSet<u64> = rest;
                self.unacknowledged.extend(rest);
            }
            Command::Requeue { tag } => {
                assert!(self.unacknowledged.remove(&tag), "{tag} is unknown, which closes the channel");
                self.requeued.insert(tag);
            }
        }
    }
}

proptest! {
    /// No delivery is acknowledged before it is settled; in the end all that are settled are acknowledged, and all
    /// that are rejected go back.
    #[test]
    fn the_broker_learns_exactly_what_is_settled(steps in steps()) {
        let (mut acknowledger, mut broker) = (Acknowledger::new(), Broker::default());
        let (mut now, mut next) = (Instant::now(), 1);
        let (mut out, mut settled, mut rejected) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Deliver => {
                    prop_assert!(acknowledger.delivered(next, now));
                    broker.unacknowledged.insert(next);
                    out.push(next);
                    next += 1;
                }
                Step::Settle { index, handled } if !out.is_empty() => {
                    let tag = out.swap_remove(index.index(out.len()));
                    if handled {
                        settled.insert(tag);
                        acknowledger.settle(tag, now);
                    } else {
                        rejected.insert(tag);
                        acknowledger.reject(tag, now);
                    }
                }
                Step::Settle { .. } => {}
                Step::Wait { milliseconds } => now += Duration::from_millis(milliseconds),
                Step::Take => acknowledger.take(now).into_iter().for_each(|command| broker.obey(command)),
            }
            prop_assert!(broker.acknowledged.is_subset(&settled));
            prop_assert!(broker.requeued.is_subset(&rejected));
        }
        while let Some(due) = acknowledger.due() {
            now = now.max(due);
            let commands = acknowledger.take(now);
            prop_assert!(!commands.is_empty(), "due, and nothing to tell: a busy loop");
            commands.into_iter().for_each(|command| broker.obey(command));
        }
        prop_assert_eq!(broker.acknowledged, settled);
        prop_assert_eq!(broker.requeued, rejected);
    }
}
