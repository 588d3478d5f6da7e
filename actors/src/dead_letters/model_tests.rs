use amqp::retry::{Backoff, IN_PLACE_RETRIES};
use proptest::prelude::*;

use super::*;

fn policies() -> impl Strategy<Value = Policy> {
    let backoff = prop_oneof![
        (1_u64..10_000, 1_u64..100_000).prop_map(|(base_ms, cap_ms)| Backoff::Exponential { base_ms, cap_ms }),
        (1_u64..10_000).prop_map(|delay_ms| Backoff::Fixed { delay_ms }),
        (1_u64..10_000, 1_u64..100_000).prop_map(|(step_ms, cap_ms)| Backoff::Linear { step_ms, cap_ms }),
    ];
    prop_oneof![
        Just(Policy::None),
        (0_u32..10, backoff).prop_map(|(attempts, backoff)| Policy::Retry { attempts, backoff }),
    ]
}

/// What can happen to a letter.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Claimed,
    Handled,
    Fails,
    Away,
    Operator(Action),
}

fn anything() -> impl Strategy<Value = Happens> {
    let action = prop::sample::select(Action::ALL);
    prop_oneof![
        Just(Happens::Claimed),
        Just(Happens::Handled),
        Just(Happens::Fails),
        Just(Happens::Away),
        action.prop_map(Happens::Operator),
    ]
}

/// A letter as the decisions move it: state, failures, who set the attempt off.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moved {
    state: State,
    failures: u32,
    by: By,
}

fn moved(letter: Moved, policy: Policy, happens: Happens) -> Moved {
    let Moved { state, failures, by } = letter;
    match happens {
        Happens::Claimed if state == State::Pending => Moved { state: State::Retrying, ..letter },
        Happens::Handled if state != State::Resolved => Moved { state: State::Resolved, ..letter },
        Happens::Fails if state == State::Retrying => {
            let next = after_failure(policy, by, failures + 1, &mut || 0.5);
            Moved { state: next.state(), failures: failures + 1, by: By::Policy }
        }
        Happens::Away if state == State::Retrying => Moved { state: State::Pending, ..letter },
        Happens::Operator(action) if may(state, action).is_ok() => match action {
            Action::Retry if retried_by(state) == By::Operator => {
                Moved { state: State::Pending, by: By::Operator, ..letter }
            }
            Action::Retry => Moved { state: State::Pending, ..letter },
            Action::Resolve | Action::Discard => Moved { state: State::Resolved, ..letter },
        },
        _ => letter,
    }
}

proptest! {
    #[test]
    fn no_way_leads_out_of_resolved(policy in policies(), way in prop::collection::vec(anything(), 0..30)) {
        let resolved = Moved { state: State::Resolved, failures: 0, by: By::Policy };
        for happens in way {
            prop_assert_eq!(moved(resolved, policy, happens), resolved);
        }
    }

    #[test]
    fn an_operators_retry_is_one_attempt(policy in policies(), failures in 0_u32..100) {
        let letter = Moved { state: State::Failed, failures, by: By::Policy };
        let retried = moved(letter, policy, Happens::Operator(Action::Retry));
        prop_assert_eq!(retried, Moved { state: State::Pending, failures, by: By::Operator });
        // The consumer being away meanwhile costs nothing.
        let away = moved(moved(retried, policy, Happens::Claimed), policy, Happens::Away);
        prop_assert_eq!(away, retried);
        let failed = moved(moved(away, policy, Happens::Claimed), policy, Happens::Fails);
        prop_assert_eq!(failed, Moved { state: State::Failed, failures: failures + 1, by: By::Policy });
    }

    #[test]
    fn a_policy_gives_up_after_its_attempts(policy in policies()) {
        let mut letter = Moved { state: State::Pending, failures: 0, by: By::Policy };
        let most = match policy {
            Policy::None => 1,
            Policy::Retry { attempts, .. } => IN_PLACE_RETRIES + attempts + 1,
        };
        for number in 1..=most {
            prop_assert_eq!(letter.state, State::Pending);
            letter = moved(moved(letter, policy, Happens::Claimed), policy, Happens::Fails);
            prop_assert_eq!(letter.failures, number);
        }
        prop_assert_eq!(letter.state, State::Failed);
    }

    #[test]
    fn what_is_neither_waiting_nor_failed_is_out_of_reach(state in prop::sample::select(State::ALL), action in prop::sample::select(Action::ALL)) {
        prop_assert_eq!(may(state, action).is_ok(), matches!(state, State::Pending | State::Failed));
    }
}

#[test]
fn words_are_read_back() {
    assert!(State::ALL.iter().all(|state| State::named(state.name()) == Some(*state)));
    for reason in Reason::ALL {
        assert_eq!(Reason::named(reason.name()), Some(*reason));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
    }
    assert_eq!(State::named("lost"), None);
}

#[test]
fn the_policy_of_a_type_comes_first_whoever_consumes_it() {
    let none = Policies { events: [("a".to_owned(), Policy::None)].into(), ..Policies::default() };
    assert_eq!(policy(&none, Some("a"), UNROUTED), Policy::None);
    assert_eq!(policy(&none, Some("b"), UNROUTED), Policy::default());
    let of_reports = Policies { consumers: [(amqp::Service::Reports, Policy::None)].into(), ..Policies::default() };
    assert_eq!(policy(&of_reports, None, "reports"), Policy::None);
    assert_eq!(policy(&of_reports, None, "availability"), Policy::default());
}
