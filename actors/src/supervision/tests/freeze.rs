//! Actors that do not come back.

use super::*;

const LIMIT: Duration = Duration::from_millis(150);

fn frozen() -> CallError {
    CallError::TimedOut { actor: "a".to_owned(), limit: LIMIT }
}

#[actix_rt::test]
async fn a_blocked_thread_is_abandoned_and_the_mailbox_goes_on() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(8).freeze_after(LIMIT).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let passing = begin({
        let address = address.clone();
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    let release = Arc::new(AtomicBool::new(false));
    let (blocked, waiting) = tokio::join!(address.send(Do::Block(Arc::clone(&release))), address.send(Count));
    assert_eq!(blocked, Err(frozen()), "the caller of the blocking handler is answered");
    assert_eq!(waiting, Ok(1), "what waited behind it is handled by the next incarnation");
    assert_eq!(passing.await.expect("task"), Err(frozen()), "so is who waits for a future of that thread");
    let node_now = node(&tree, "root/a");
    assert_eq!((trace.built(), node_now.restart_count, node_now.in_flight), (2, 1, 0));
    assert_eq!(node_now.last_error.as_deref(), Some("frozen: no heartbeat for 150ms"));
    release.store(true, Ordering::SeqCst);
    settle("the abandoned actor is dropped", || (trace.dropped.load(Ordering::SeqCst) == 1).then_some(())).await;
    assert_eq!(trace.stopped.load(Ordering::SeqCst), 0);
    assert_eq!(address.send(Count).await, Ok(2), "and it takes nothing from the mailbox");
    tree.stop().await;
}

#[actix_rt::test]
async fn a_stuck_context_is_replaced_on_its_thread() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.freeze_after(LIMIT).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let beside = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    let (stuck, waiting) = tokio::join!(address.send(PassAlone(Arc::clone(&gate))), address.send(Count));
    assert_eq!((stuck, waiting, trace.built()), (Err(frozen()), Ok(1), 2));
    gate.add_permits(1);
    assert_eq!(beside.await.expect("task"), Ok("passed"), "the thread was kept, and the future on it");
    tree.stop().await;
}

#[actix_rt::test]
async fn a_factory_that_blocks_is_a_freeze_too() {
    let release = Arc::new(AtomicBool::new(false));
    let first = AtomicBool::new(true);
    let trace = Arc::new(Trace::default());
    let inner = Arc::clone(&release);
    let (address, spec) = child("a", move |life: &Life| {
        while first.load(Ordering::SeqCst) && !inner.load(Ordering::SeqCst) {
            first.store(false, Ordering::SeqCst);
            while !inner.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
        Ok(Subject { trace: Arc::clone(&trace), life: life.clone(), calls: 0 })
    })
    .freeze_after(LIMIT)
    .build();
    let tree = lenient("root").child(spec).start();
    assert_eq!(address.send(Count).await, Ok(1));
    assert_eq!(node(&tree, "root/a").restart_count, 1);
    release.store(true, Ordering::SeqCst);
    tree.stop().await;
}

#[actix_rt::test]
async fn slow_futures_are_not_a_freeze() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.concurrency(1).freeze_after(LIMIT).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let began = Instant::now();
    let passing = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("three limits have passed", || (began.elapsed() > LIMIT * 3).then_some(())).await;
    gate.add_permits(1);
    assert_eq!(passing.await.expect("task"), Ok("passed"));
    assert_eq!(trace.built(), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn a_frozen_child_does_not_keep_its_supervisor_from_stopping() {
    let (builder, _) = subject("a");
    let (other, other_trace) = subject("b");
    let (address, spec) = builder.freeze_after(LIMIT).drain_within(LIMIT).build();
    let (_other_address, other_spec) = other.build();
    let tree = lenient("root").child(other_spec).child(spec).start();
    until_running(&tree, "root/b").await;
    let release = Arc::new(AtomicBool::new(false));
    let blocked = begin({
        let release = Arc::clone(&release);
        async move { address.send(Do::Block(release)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    tree.stop().await;
    assert_eq!(blocked.await.expect("task"), Err(frozen()));
    assert_eq!(other_trace.stopped.load(Ordering::SeqCst), 1);
    release.store(true, Ordering::SeqCst);
}
