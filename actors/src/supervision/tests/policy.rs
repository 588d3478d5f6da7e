//! When a child is restarted, and when it is not.

use super::*;

async fn after(restart: Restart, message: Do) -> (Node, Result<usize, CallError>, usize) {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.restart(restart).build();
    let tree = lenient("root").child(spec).start();
    let _ = address.send(message).await;
    let node = settle("an end", || {
        let node = node(&tree, "root/a");
        let over = node.restart_count == 1 || matches!(node.state, State::Stopped | State::Failed);
        over.then_some(node)
    })
    .await;
    let answer = address.send(Count).await;
    tree.stop().await;
    (node, answer, trace.built())
}

#[actix_rt::test]
async fn permanent_restarts_always() {
    for message in [Do::Stop, Do::Panic("x"), Do::Fail("x")] {
        let (_, answer, built) = after(Restart::Permanent, message).await;
        assert_eq!((answer, built), (Ok(1), 2));
    }
}

#[actix_rt::test]
async fn transient_restarts_after_abnormal_ends_only() {
    for message in [Do::Panic("x"), Do::Fail("x")] {
        let (_, answer, built) = after(Restart::Transient, message).await;
        assert_eq!((answer, built), (Ok(1), 2));
    }
    let (node, answer, built) = after(Restart::Transient, Do::Stop).await;
    assert_eq!((node.state, answer, built), (State::Stopped, Err(stopped("a")), 1));
}

#[actix_rt::test]
async fn temporary_never_restarts() {
    let (node, answer, built) = after(Restart::Temporary, Do::Stop).await;
    assert_eq!((node.state, answer, built), (State::Stopped, Err(stopped("a")), 1));
    for message in [Do::Panic("x"), Do::Fail("x")] {
        let (node, answer, built) = after(Restart::Temporary, message).await;
        assert_eq!((node.state, answer, built), (State::Failed, Err(stopped("a")), 1));
    }
}

#[actix_rt::test]
async fn only_permanent_children_make_a_tree_unready() {
    let (temporary, _) = subject("temporary");
    let (permanent, _) = subject("permanent");
    let (temporary_address, temporary_spec) = temporary.restart(Restart::Temporary).build();
    let (permanent_address, permanent_spec) = permanent.build();
    let tree = supervisor("root")
        .backoff(Backoff { base: Duration::from_secs(3_600), cap: Duration::from_secs(3_600) })
        .child(temporary_spec)
        .child(permanent_spec)
        .start();
    settle("ready", || tree.ready().then_some(())).await;
    let _ = temporary_address.send(Do::Stop).await;
    settle("ended", || (node(&tree, "root/temporary").state == State::Stopped).then_some(())).await;
    assert!(tree.ready());
    let _ = permanent_address.send(Do::Panic("first: restarted at once")).await;
    let _ = permanent_address.send(Do::Panic("second: after a wait")).await;
    settle("unready", || (!tree.ready()).then_some(())).await;
    let waiting = settle("waiting", || match node(&tree, "root/permanent").state {
        State::Restarting { in_ms } => Some(in_ms),
        _ => None,
    })
    .await;
    assert!(waiting <= 3_600_000);
    assert_eq!(node(&tree, "root/permanent").uptime_ms, None);
    tree.stop().await;
    assert!(!tree.ready());
}

#[actix_rt::test]
async fn what_is_in_flight_may_finish_when_its_actor_ends_for_good() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.restart(Restart::Temporary).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let passing = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    let (bad, waiting) = tokio::join!(address.send(Do::Panic("x")), address.send(Count));
    assert_eq!((bad, waiting), (Err(panicked("a", "x")), Err(stopped("a"))));
    let ended = Instant::now();
    settle("a while", || (ended.elapsed() > Duration::from_millis(50)).then_some(())).await;
    assert!(!passing.is_finished(), "its thread is still there");
    gate.add_permits(1);
    assert_eq!(passing.await.expect("task"), Ok("passed"));
    assert_eq!(trace.built(), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn a_child_that_was_stable_is_restarted_at_once_again() {
    let within = Duration::from_millis(100);
    let hours = Duration::from_secs(360_000);
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = supervisor("root")
        .intensity(Intensity { restarts: 1, within })
        .backoff(Backoff { base: hours, cap: hours })
        .child(spec)
        .start();
    for life in 1..=3 {
        until_running(&tree, "root/a").await;
        let began = Instant::now();
        settle("stable", || (began.elapsed() > within).then_some(())).await;
        let _ = address.send(Do::Panic("x")).await;
        settle("at once", || (trace.built() == life + 1).then_some(())).await;
    }
    tree.stop().await;
}
