use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

fn filled(count: u64) -> Unconfirmed<u64> {
    let mut unconfirmed = Unconfirmed::new();
    for number in 0..count {
        assert_eq!(unconfirmed.add(id(number), Instant::now(), number), number);
    }
    unconfirmed
}

fn settle(unconfirmed: &mut Unconfirmed<u64>, batch: &[(u64, Option<u64>)]) -> Vec<(u64, Outcome)> {
    let confirmed =
        |&(number, returned): &(u64, Option<u64>)| Confirmed { number, refused: false, returned: returned.map(id) };
    let batch: Vec<_> = batch.iter().map(confirmed).collect();
    let mut outcomes = Vec::new();
    unconfirmed.settle(&batch, |waiting, outcome, _| outcomes.push((waiting, outcome)));
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes
}

#[test]
fn each_publish_is_resolved_by_its_own_confirmation() {
    let mut unconfirmed = filled(3);
    assert_eq!(settle(&mut unconfirmed, &[(1, None)]), [(1, Outcome::Confirmed)]);
    assert_eq!(settle(&mut unconfirmed, &[(1, None)]), []);
    assert_eq!(unconfirmed.len(), 2);
    assert_eq!(settle(&mut unconfirmed, &[(2, None), (0, None)]), [(0, Outcome::Confirmed), (2, Outcome::Confirmed)]);
    assert_eq!((unconfirmed.len(), unconfirmed.oldest()), (0, None));
    assert_eq!(unconfirmed.add(id(3), Instant::now(), 3), 3);
}

#[test]
fn a_negative_confirmation_is_a_refusal() {
    let mut unconfirmed = filled(1);
    let mut outcomes = Vec::new();
    let refused = Confirmed { number: 0, refused: true, returned: None };
    unconfirmed.settle(&[refused], |waiting, outcome, _| outcomes.push((waiting, outcome)));
    assert_eq!(outcomes, [(0, Outcome::Refused)]);
}

#[test]
fn a_returned_message_blames_its_own_publish() {
    let mut unconfirmed = filled(3);
    assert_eq!(settle(&mut unconfirmed, &[(0, Some(1))]), []);
    assert_eq!(settle(&mut unconfirmed, &[(1, None)]), [(0, Outcome::Confirmed), (1, Outcome::Unroutable)]);
    assert_eq!(settle(&mut unconfirmed, &[(2, Some(2))]), [(2, Outcome::Unroutable)]);
}

#[test]
fn two_that_carry_each_other_are_both_unroutable() {
    let mut unconfirmed = filled(2);
    assert_eq!(settle(&mut unconfirmed, &[(0, Some(1))]), []);
    let both = [(0, Outcome::Unroutable), (1, Outcome::Unroutable)];
    assert_eq!(settle(&mut unconfirmed, &[(1, Some(0))]), both);
}

#[test]
fn what_is_given_up_is_told_and_no_longer_known() {
    let mut unconfirmed = filled(3);
    assert_eq!(settle(&mut unconfirmed, &[(0, Some(2))]), []);
    let mut told = Vec::new();
    unconfirmed.abandon(|waiting| told.push(waiting));
    assert_eq!(told, [0, 1, 2]);
    assert_eq!(settle(&mut unconfirmed, &[(1, None), (2, None)]), []);
    assert_eq!(unconfirmed.add(id(3), Instant::now(), 3), 3);
}

#[derive(Debug, Clone)]
enum Step {
    Publish { routable: bool },
    Return,
    Confirm(prop::sample::Index),
    HandOver { backwards: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::bool::weighted(0.6).prop_map(|routable| Step::Publish { routable }),
        2 => Just(Step::Return),
        3 => any::<prop::sample::Index>().prop_map(Step::Confirm),
        2 => any::<bool>().prop_map(|backwards| Step::HandOver { backwards }),
    ];
    prop::collection::vec(step, 0..200)
}

/// What the client library does with what the broker sends.
#[derive(Default)]
struct Library {
    unreturned: VecDeque<u64>,
    confirmable: Vec<u64>,
    line: VecDeque<u64>,
    ready: Vec<(u64, Option<u64>)>,
}

impl Library {
    fn publish(&mut self, number: u64, routable: bool) {
        if routable { self.confirmable.push(number) } else { self.unreturned.push_back(number) }
    }

    fn return_one(&mut self) {
        if let Some(number) = self.unreturned.pop_front() {
            self.line.push_back(number);
            self.confirmable.push(number);
        }
    }

    fn confirm(&mut self, index: usize) {
        let number = self.confirmable.swap_remove(index);
        self.ready.push((number, self.line.pop_front()));
    }
}

proptest! {
    /// Whatever the order of returns and confirms: each publish ends once, and as the broker meant it.
    #[test]
    fn every_publish_ends_as_the_broker_meant_it(steps in steps()) {
        let (mut unconfirmed, mut library) = (Unconfirmed::new(), Library::default());
        let (mut expected, mut found) = (BTreeMap::new(), Vec::new());
        for step in steps {
            match step {
                Step::Publish { routable } => {
                    let next = expected.len() as u64;
                    let number = unconfirmed.add(id(next), Instant::now(), next);
                    expected.insert(number, if routable { Outcome::Confirmed } else { Outcome::Unroutable });
                    library.publish(number, routable);
                }
                Step::Return => library.return_one(),
                Step::Confirm(index) if !library.confirmable.is_empty() => {
                    library.confirm(index.index(library.confirmable.len()));
                }
                Step::Confirm(_) => {}
                Step::HandOver { backwards } => {
                    let mut batch = std::mem::take(&mut library.ready);
                    if backwards { batch.reverse() }
                    found.extend(settle(&mut unconfirmed, &batch));
                }
            }
        }
        while !library.unreturned.is_empty() { library.return_one() }
        while !library.confirmable.is_empty() { library.confirm(0) }
        found.extend(settle(&mut unconfirmed, &library.ready));
        prop_assert_eq!(unconfirmed.len(), 0);
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}
