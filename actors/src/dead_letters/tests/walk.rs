//! A long walk of anything that may happen, compared with a plain model of what is there.

use std::collections::BTreeMap;

use super::*;
use crate::dead_letters::model::Next;
use crate::dead_letters::settle::{Failed, fail};

/// A letter as the model knows it.
#[derive(Debug, Clone, Copy)]
struct Known {
    aggregate: u128,
    version: i64,
    parked: usize,
    state: State,
}

/// The first unresolved letter of each aggregate.
fn heads(known: &BTreeMap<Uuid, Known>) -> Vec<Uuid> {
    let mut first: BTreeMap<u128, (i64, usize, Uuid)> = BTreeMap::new();
    for (id, letter) in known.iter().filter(|(_, letter)| letter.state != State::Resolved) {
        let place = (letter.version, letter.parked, *id);
        first.entry(letter.aggregate).and_modify(|best| *best = (*best).min(place)).or_insert(place);
    }
    first.into_values().map(|(_, _, id)| id).collect()
}

async fn only_heads_are_ever_claimed_and_resolved_ones_stay_so(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let mut known: BTreeMap<Uuid, Known> = BTreeMap::new();
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for step in 0..400 {
        let ids: Vec<Uuid> = known.keys().copied().collect();
        let one = random.choice(&ids).copied();
        match (random.u8(0..6), one) {
            (0 | 1, _) => {
                let (number, version) = (random.u128(1..5), random.i64(1..40));
                let failed = random.bool();
                let parcel = if failed { parcel(number, version) } else { due(parcel(number, version), noon()) };
                let id = scene.park(parcel).await;
                let state = if failed { State::Failed } else { State::Pending };
                known.entry(id).or_insert(Known { aggregate: number, version, parked: step, state });
            }
            (2, _) => {
                let expected: Vec<Uuid> =
                    heads(&known).into_iter().filter(|id| known[id].state == State::Pending).collect();
                let mut claimed = scene.claim(100).await;
                claimed.sort();
                let mut expected = expected;
                expected.sort();
                assert_eq!(claimed, expected, "step {step}");
                for id in claimed {
                    known.get_mut(&id).expect("known").state = State::Retrying;
                }
            }
            (3, Some(id)) => {
                scene.handled(id).await;
                known.get_mut(&id).expect("known").state = State::Resolved;
            }
            (4, Some(id)) => {
                let failed = Failed { error: "no".to_owned(), reason: None, failures: 4, next: Next::GivenUp };
                let work = move |transaction: &mut database::Transaction<'_>| fail(transaction, id, &failed, noon());
                scene.database.write(work).await.expect("entered");
                let letter = known.get_mut(&id).expect("known");
                if letter.state == State::Retrying {
                    letter.state = State::Failed;
                }
            }
            (_, Some(id)) => {
                let is_head = heads(&known).contains(&id);
                let letter = known.get_mut(&id).expect("known");
                let allowed = is_head && matches!(letter.state, State::Failed | State::Pending);
                let retried = scene.run(RetryDeadLetter { id, data: None }).await;
                assert_eq!(retried.is_ok(), allowed, "step {step}: {letter:?} {retried:?}");
                if allowed {
                    letter.state = State::Pending;
                }
            }
            _ => {}
        }
    }
    for (id, letter) in &known {
        assert_eq!(scene.state(*id).await, letter.state);
    }
    assert!(known.len() > 50 && known.values().any(|letter| letter.state == State::Resolved));
}

on_each_engine!(only_heads_are_ever_claimed_and_resolved_ones_stay_so);
