//! Who is restarted together.

use super::*;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Which of four siblings are built anew when the third panics. The fourth is temporary.
async fn rebuilt(strategy: Strategy) -> Vec<usize> {
    let mut addresses = Vec::new();
    let mut traces = Vec::new();
    let mut builder = lenient("root").strategy(strategy);
    for name in NAMES {
        let (child, trace) = subject(name);
        let (address, spec) = child.restart(if name == "d" { Restart::Temporary } else { Restart::Permanent }).build();
        addresses.push(address);
        traces.push(trace);
        builder = builder.child(spec);
    }
    let tree = builder.start();
    for address in &addresses {
        assert_eq!(address.send(Count).await, Ok(1));
    }
    assert_eq!(addresses[2].send(Do::Panic("x")).await, Err(panicked("c", "x")));
    for address in &addresses[..3] {
        assert!(address.send(Count).await.is_ok());
    }
    settle("all run", || tree.ready().then_some(())).await;
    let built = traces.iter().map(|trace| trace.built()).collect();
    for (name, trace) in NAMES.iter().zip(&traces) {
        let node = node(&tree, &format!("root/{name}"));
        assert_eq!(node.restart_count, trace.built() as u64 - 1, "{name}");
        if *name == "a" && node.restart_count == 1 {
            assert_eq!(node.restarts[0].reason, "restarted with root/c, which panicked: x");
        }
    }
    let temporary_runs = node(&tree, "root/d").state == State::Running;
    assert_eq!(temporary_runs, strategy == Strategy::OneForOne);
    tree.stop().await;
    built
}

#[actix_rt::test]
async fn one_for_one_restarts_the_failed_child() {
    assert_eq!(rebuilt(Strategy::OneForOne).await, [1, 1, 2, 1]);
}

#[actix_rt::test]
async fn one_for_all_restarts_all_but_temporary_ones() {
    assert_eq!(rebuilt(Strategy::OneForAll).await, [2, 2, 2, 1]);
}

#[actix_rt::test]
async fn rest_for_one_restarts_those_that_were_added_later() {
    assert_eq!(rebuilt(Strategy::RestForOne).await, [1, 1, 2, 1]);
    let (first, first_trace) = subject("first");
    let (second, second_trace) = subject("second");
    let (first_address, first_spec) = first.build();
    let (second_address, second_spec) = second.build();
    let tree = lenient("root").strategy(Strategy::RestForOne).child(first_spec).child(second_spec).start();
    let _ = first_address.send(Do::Panic("x")).await;
    settle("both again", || (first_trace.built() == 2 && second_trace.built() == 2).then_some(())).await;
    let _ = second_address.send(Do::Panic("x")).await;
    settle("the second again", || (second_trace.built() == 3).then_some(())).await;
    assert_eq!(first_trace.built(), 2);
    tree.stop().await;
}

#[actix_rt::test]
async fn siblings_that_are_restarted_too_keep_their_mailboxes() {
    let (slow, _) = subject("slow");
    let (failing, _) = subject("failing");
    let (slow_address, slow_spec) = slow.concurrency(1).build();
    let (failing_address, failing_spec) = failing.build();
    let tree = lenient("root").strategy(Strategy::OneForAll).child(slow_spec).child(failing_spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let passing = begin({
        let (address, gate) = (slow_address.clone(), Arc::clone(&gate));
        async move { tokio::join!(address.send(Pass(gate, None)), address.send(Count), address.send(Count)) }
    })
    .await;
    settle("they wait", || (slow_address.depth() == 2).then_some(())).await;
    let _ = failing_address.send(Do::Panic("x")).await;
    settle("restarted", || (node(&tree, "root/slow").restart_count == 1).then_some(())).await;
    gate.add_permits(1);
    assert_eq!(passing.await.expect("task"), (Ok("passed"), Ok(1), Ok(2)));
    tree.stop().await;
}

#[actix_rt::test]
async fn a_sibling_that_waits_keeps_waiting_and_holds_up_nobody_before_it() {
    let hours = Duration::from_secs(360_000);
    let (first, first_trace) = subject("first");
    let (second, _) = subject("second");
    let (first_address, first_spec) = first.build();
    let (second_address, second_spec) = second.build();
    let tree = lenient("root")
        .strategy(Strategy::RestForOne)
        .backoff(Backoff { base: hours, cap: hours })
        .child(first_spec)
        .child(second_spec)
        .start();
    let _ = second_address.send(Do::Panic("at once")).await;
    let _ = second_address.send(Do::Panic("after a wait")).await;
    let waits = || matches!(node(&tree, "root/second").state, State::Restarting { in_ms } if in_ms > 10_000);
    settle("the second waits", || waits().then_some(())).await;
    let _ = first_address.send(Do::Panic("x")).await;
    assert_eq!(first_address.send(Count).await, Ok(1));
    assert_eq!(first_trace.built(), 2);
    assert!(waits());
    tree.stop().await;
}
