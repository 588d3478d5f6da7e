//! When restarting does not help.

use super::*;

#[actix_rt::test]
async fn a_root_that_spends_its_restarts_escalates_and_says_why() {
    let (builder, trace) = subject("a");
    let (neighbour, neighbour_trace) = subject("b");
    let (address, spec) = builder.build();
    let (neighbour_address, neighbour_spec) = neighbour.build();
    let tree = supervisor("root")
        .intensity(Intensity { restarts: 2, within: Duration::from_secs(60) })
        .backoff(Backoff { base: Duration::ZERO, cap: Duration::ZERO })
        .child(spec)
        .child(neighbour_spec)
        .start();
    for _ in 0..3 {
        assert_eq!(address.send(Do::Panic("x")).await, Err(panicked("a", "x")));
    }
    let escalation = tree.escalated().await;
    assert_eq!(
        escalation.to_string(),
        "supervisor `root` gave up: more than 2 restarts within 60s were needed; the last: root/a panicked: x"
    );
    assert!(!tree.ready());
    assert_eq!(trace.built(), 3);
    assert_eq!(neighbour_trace.stopped.load(Ordering::SeqCst), 1, "siblings are stopped in order");
    assert_eq!(address.send(Count).await, Err(stopped("a")));
    assert_eq!(neighbour_address.send(Count).await, Err(stopped("b")));
    assert_eq!(node(&tree, "root").state, State::Failed);
    assert_eq!(node(&tree, "root/a").state, State::Failed);
    assert_eq!(node(&tree, "root/b").state, State::Stopped);
    tree.stop().await;
    assert_eq!(EXIT_ESCALATED, 70);
}

#[actix_rt::test]
async fn a_parent_restarts_a_supervisor_that_gave_up_with_its_mailboxes() {
    let (builder, trace) = subject("a");
    let (sibling, sibling_trace) = subject("b");
    let (outside, outside_trace) = subject("outside");
    let (address, spec) = builder.build();
    let (sibling_address, sibling_spec) = sibling.build();
    let (_outside_address, outside_spec) = outside.build();
    let inner = supervisor("inner")
        .intensity(Intensity { restarts: 0, within: Duration::from_secs(60) })
        .child(spec)
        .child(sibling_spec);
    let tree = lenient("root").child(outside_spec).supervisor(inner).start();
    settle("ready", || tree.ready().then_some(())).await;
    let (bad, kept) = tokio::join!(address.send(Do::Panic("x")), address.send(Count));
    assert_eq!((bad, kept), (Err(panicked("a", "x")), Ok(1)));
    assert_eq!(sibling_address.send(Count).await, Ok(1));
    assert_eq!((trace.built(), sibling_trace.built(), outside_trace.built()), (2, 2, 1));
    let inner = node(&tree, "root/inner");
    assert_eq!((inner.restart_count, inner.state), (1, State::Running));
    assert_eq!(
        inner.restarts[0].reason,
        "gave up: more than 0 restarts within 60s were needed; the last: root/inner/a panicked: x"
    );
    settle("ready again", || tree.ready().then_some(())).await;
    tree.stop().await;
}

#[actix_rt::test]
async fn escalation_climbs_from_level_to_level() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let once = |name| supervisor(name).intensity(Intensity { restarts: 1, within: Duration::from_secs(60) });
    let tree = once("root").supervisor(once("middle").supervisor(once("low").child(spec))).start();
    let mut panics = 0;
    while address.send(Do::Panic("x")).await != Err(stopped("a")) {
        panics += 1;
    }
    let text = tree.escalated().await.to_string();
    assert_eq!(panics, 8, "two lives at each of three levels");
    assert_eq!(trace.built(), 8);
    for part in ["`root` gave up", "root/middle gave up", "root/middle/low gave up", "root/middle/low/a panicked: x"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_tree_without_an_actix_system_escalates_at_once() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.build();
    let tree = supervisor("root").child(spec).start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let text = runtime.block_on(tree.escalated()).to_string();
    assert!(text.contains("without an actix System"), "{text}");
    assert_eq!(runtime.block_on(address.send(Count)), Err(stopped("a")));
    runtime.block_on(tree.stop());
}

#[actix_rt::test]
async fn a_crash_loop_does_not_hold_up_its_neighbours() {
    let (_address, looping) = child("loop", |_: &Life| -> Result<Subject, BoxError> { panic!("again") }).build();
    let (builder, trace) = subject("steady");
    let (steady, steady_spec) = builder.build();
    let tree = supervisor("root")
        .intensity(Intensity { restarts: 100_000, within: Duration::from_secs(60) })
        .backoff(Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(4) })
        .child(looping)
        .child(steady_spec)
        .start();
    settle("it loops", || (node(&tree, "root/loop").restart_count > 20).then_some(())).await;
    for call in 1..=100 {
        assert_eq!(steady.send_within(Count, Duration::from_secs(5)).await, Ok(call));
    }
    assert_eq!(trace.built(), 1);
    assert_eq!(node(&tree, "root/loop").restarts.len(), 10, "the book of restarts is bounded");
    tree.stop().await;
}

#[actix_rt::test]
async fn children_that_wait_for_their_restart_are_stopped_by_an_escalation() {
    let hours = Duration::from_secs(360_000);
    let (failing, _) = subject("failing");
    let (waiting, _) = subject("waiting");
    let (failing_address, failing_spec) = failing.build();
    let (waiting_address, waiting_spec) = waiting.build();
    let tree = supervisor("root")
        .intensity(Intensity { restarts: 3, within: hours })
        .backoff(Backoff { base: hours, cap: hours })
        .child(failing_spec)
        .child(waiting_spec)
        .start();
    for _ in 0..2 {
        let _ = waiting_address.send(Do::Panic("x")).await;
    }
    let restarted = || node(&tree, "root/waiting").restart_count == 2;
    settle("it waits", || restarted().then_some(())).await;
    let kept = begin(async move { waiting_address.send(Count).await }).await;
    for _ in 0..2 {
        let _ = failing_address.send(Do::Panic("x")).await;
    }
    tree.escalated().await;
    assert_eq!(kept.await.expect("task"), Err(stopped("waiting")));
    assert_eq!(node(&tree, "root/waiting").state, State::Stopped);
    assert_eq!(node(&tree, "root/failing").state, State::Failed);
}
