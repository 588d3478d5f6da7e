//! Laws, tried on many inputs.

use proptest::prelude::*;
use tokio::time;

use super::super::intensity::Window;
use super::*;

proptest! {
    #[test]
    fn a_backoff_stays_within_its_ceiling(base_ms in 0_u64..5_000, cap_ms in 0_u64..60_000, failures in 0_u32..100) {
        let backoff = Backoff { base: Duration::from_millis(base_ms), cap: Duration::from_millis(cap_ms) };
        let ceiling = u128::from(cap_ms).min(u128::from(base_ms) << failures.min(64));
        let delay = backoff.delay(failures);
        prop_assert!(delay.as_millis() <= ceiling, "{delay:?} > {ceiling} ms");
        prop_assert_eq!(backoff.delay(0), Duration::ZERO);
        prop_assert!(backoff.ceiling(failures) <= backoff.ceiling(failures + 1));
    }

    #[test]
    fn a_window_admits_no_more_than_its_intensity(restarts in 0_u32..6, gaps_ms in prop::collection::vec(0_u64..400, 1..80)) {
        let intensity = Intensity { restarts, within: Duration::from_millis(500) };
        let mut window = Window::default();
        let mut now = time::Instant::now();
        let mut admitted: Vec<time::Instant> = Vec::new();
        for gap in gaps_ms {
            now += Duration::from_millis(gap);
            let recent = admitted.iter().filter(|at| now.duration_since(**at) < intensity.within).count();
            let admits = window.admits(intensity, now);
            prop_assert_eq!(admits, recent < restarts as usize);
            if admits {
                admitted.push(now);
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Count,
    Panic,
    PanicLater,
    Pass,
    PassAlone,
    PassInContext,
    Stop,
    GiveUp,
}

fn calls() -> impl Strategy_<Value = Vec<Call>> {
    let call = prop_oneof![
        4 => Just(Call::Count),
        1 => Just(Call::Panic),
        1 => Just(Call::PanicLater),
        2 => Just(Call::Pass),
        1 => Just(Call::PassAlone),
        3 => Just(Call::PassInContext),
        1 => Just(Call::Stop),
        2 => Just(Call::GiveUp),
    ];
    prop::collection::vec(call, 1..60)
}

use proptest::strategy::Strategy as Strategy_;

async fn make(call: Call, address: Address<Subject>, gate: Arc<Semaphore>) -> Result<(), CallError> {
    match call {
        Call::Count => address.send(Count).await.map(drop),
        Call::Panic => address.send(Do::Panic("x")).await,
        Call::PanicLater => address.send(Pass(gate, Some("x"))).await.map(drop),
        Call::Pass => address.send(Pass(gate, None)).await.map(drop),
        Call::PassAlone => address.send(PassAlone(gate)).await.map(drop),
        Call::PassInContext => address.send(PassInContext(gate)).await.map(drop),
        Call::Stop => address.send(Do::Stop).await,
        Call::GiveUp => address.send_within(Count, Duration::ZERO).await.map(drop),
    }
}

/// Makes all calls at once; then every one has an answer and every place is free.
async fn every_place_comes_back(calls: Vec<Call>, capacity: usize, concurrency: usize) {
    let (builder, _) = subject("a");
    let (address, spec) = builder.mailbox(capacity).concurrency(concurrency).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let pending: Vec<_> =
        calls.into_iter().map(|call| tokio::spawn(make(call, address.clone(), Arc::clone(&gate)))).collect();
    tokio::task::yield_now().await;
    let level = node(&tree, "root/a");
    assert!(level.in_flight + level.mailbox.map_or(0, |mailbox| mailbox.depth) <= capacity);
    // Enough for all, or a future of the context may hold the one that the context itself waits for.
    gate.add_permits(100);
    for call in pending {
        let _ = time::timeout(Duration::from_secs(10), call).await.expect("an answer").expect("task");
    }
    settle("all places are free", || (address.depth() + node(&tree, "root/a").in_flight == 0).then_some(())).await;
    let refilled = futures_util::future::join_all((0..capacity).map(|_| address.send(Count))).await;
    assert!(refilled.iter().all(Result::is_ok), "{refilled:?}");
    tree.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_place_leaks(calls in calls(), capacity in 1_usize..40, concurrency in 1_usize..8) {
        actix_rt::System::new().block_on(every_place_comes_back(calls, capacity, concurrency));
    }
}
