use proptest::prelude::*;

use super::*;
use crate::service::Service;

fn backoffs() -> impl Strategy<Value = Backoff> {
    let ms = 1_u64..10_000_000;
    prop_oneof![
        (ms.clone(), ms.clone()).prop_map(|(base_ms, cap_ms)| Backoff::Exponential { base_ms, cap_ms }),
        ms.clone().prop_map(|delay_ms| Backoff::Fixed { delay_ms }),
        (ms.clone(), ms).prop_map(|(step_ms, cap_ms)| Backoff::Linear { step_ms, cap_ms }),
    ]
}

fn failed(policy: Policy, failures: u32, random: f64) -> Verdict {
    policy.verdict(Outcome::Failed { failures }, &mut || random)
}

proptest! {
    #[test]
    fn pauses_stay_between_nothing_and_the_ceiling(backoff in backoffs(), retry: u32, random in 0.0..1.0) {
        prop_assert!(backoff.delay(retry, &mut || random) <= backoff.ceiling(retry));
    }

    #[test]
    fn the_ceiling_never_falls_and_never_exceeds_the_cap(backoff in backoffs(), retry in 1_u32..u32::MAX) {
        prop_assert!(backoff.ceiling(retry) <= backoff.ceiling(retry + 1));
        let cap_ms = match backoff {
            Backoff::Exponential { cap_ms, .. } | Backoff::Linear { cap_ms, .. } => cap_ms,
            Backoff::Fixed { delay_ms } => delay_ms,
        };
        prop_assert!(backoff.ceiling(retry) <= Duration::from_millis(cap_ms));
    }

    #[test]
    fn an_event_that_always_fails_is_retried_as_often_as_the_policy_says(
        attempts in 0_u32..50, backoff in backoffs(), random in 0.0..1.0,
    ) {
        let policy = Policy::Retry { attempts, backoff };
        let retried = (1..).take_while(|&failures| failed(policy, failures, random) != Verdict::DeadLetter).count();
        prop_assert_eq!(retried, (IN_PLACE_RETRIES + attempts) as usize);
    }

    #[test]
    fn retries_in_place_are_quick_but_not_immediate(failures in 1..=IN_PLACE_RETRIES, random in 0.0..1.0) {
        let Verdict::RetryAfter(pause) = failed(Policy::default(), failures, random) else {
            return Err(TestCaseError::fail("it is not retried"));
        };
        prop_assert!((Duration::from_millis(50)..=Duration::from_millis(200)).contains(&pause));
    }

    #[test]
    fn without_a_policy_the_first_failure_is_final(failures in 1_u32.., random in 0.0..1.0) {
        prop_assert_eq!(failed(Policy::None, failures, random), Verdict::DeadLetter);
    }
}

#[test]
fn the_default_pauses_are_those_of_the_manual() {
    let ceilings = |backoff: Backoff, retries: [u32; 4]| retries.map(|retry| backoff.ceiling(retry).as_millis());
    assert_eq!(ceilings(Backoff::EXPONENTIAL, [1, 2, 3, 9]), [1_000, 2_000, 4_000, 60_000]);
    assert_eq!(ceilings(Backoff::FIXED, [1, 2, 3, 9]), [5_000; 4]);
    assert_eq!(ceilings(Backoff::LINEAR, [1, 2, 3, 99]), [1_000, 2_000, 3_000, 30_000]);
}

#[test]
fn full_jitter_spans_the_whole_pause() {
    assert_eq!(failed(Policy::default(), 3, 0.0), Verdict::RetryAfter(Duration::ZERO));
    assert_eq!(failed(Policy::default(), 3, 0.5), Verdict::RetryAfter(Duration::from_millis(500)));
    assert_eq!(failed(Policy::default(), 5, 0.5), Verdict::RetryAfter(Duration::from_secs(2)));
    assert_eq!(failed(Policy::default(), 6, 0.5), Verdict::DeadLetter);
}

#[test]
fn what_is_handled_is_acknowledged_and_what_is_unreadable_is_parked() {
    let mut random = || 0.5;
    assert_eq!(Policy::default().verdict(Outcome::Handled, &mut random), Verdict::Ack);
    assert_eq!(Policy::None.verdict(Outcome::Handled, &mut random), Verdict::Ack);
    assert_eq!(Policy::default().verdict(Outcome::Unreadable, &mut random), Verdict::DeadLetter);
}

#[test]
fn the_more_particular_policy_wins() {
    let policies: Policies = serde_json::from_value(serde_json::json!({
        "consumers": {"reports": {"policy": "fixed", "attempts": 9, "delay_ms": 100}},
        "events": {"resource.deleted": {"policy": "none"}},
    }))
    .unwrap();
    let fixed = Policy::Retry { attempts: 9, backoff: Backoff::Fixed { delay_ms: 100 } };
    assert_eq!(policies.of("resource.deleted", Service::Reports), Policy::None);
    assert_eq!(policies.of("reservation.created", Service::Reports), fixed);
    assert_eq!(policies.of("reservation.created", Service::Stockpile), Policy::default());
}

#[test]
fn policies_read_back_as_written() {
    for policy in [Policy::default(), Policy::None, Policy::Retry { attempts: 1, backoff: Backoff::LINEAR }] {
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy, "{text}");
    }
}
