//! Every way an incarnation can end.

use super::*;

#[actix_rt::test]
async fn a_panic_costs_one_message_and_the_mailbox_stays() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    assert_eq!(address.send(Count).await, Ok(1));
    let (bad, next) = tokio::join!(address.send(Do::Panic("boom 17")), address.send(Count));
    assert_eq!(bad, Err(panicked("a", "boom 17")));
    assert_eq!(next, Ok(1), "a fresh actor handled what waited behind the panic");
    let node = node(&tree, "root/a");
    assert_eq!((node.panics, node.restart_count, trace.built()), (1, 1, 2));
    assert_eq!(node.restarts[0].reason, "panicked: boom 17");
    assert_eq!(node.last_error.as_deref(), Some("panicked: boom 17"));
    assert_eq!(trace.stopped.load(Ordering::SeqCst), 0, "`stopped` must not run on broken state");
    assert_eq!(trace.dropped.load(Ordering::SeqCst), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn messages_sent_before_the_start_are_handled() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.build();
    let early = begin({
        let address = address.clone();
        async move { address.send(Count).await }
    })
    .await;
    settle("the message waits", || (address.depth() == 1).then_some(())).await;
    let tree = lenient("root").child(spec).start();
    assert_eq!(early.await.expect("task"), Ok(1));
    tree.stop().await;
}

#[actix_rt::test]
async fn ten_thousand_messages_around_a_hundred_panics() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(10_000).build();
    let tree = lenient("root").child(spec).start();
    let calls =
        (0..10_000).map(|n| {
            let address = address.clone();
            async move {
                if n % 100 == 50 { address.send(Do::Panic("x")).await } else { address.send(Count).await.map(drop) }
            }
        });
    let answers = futures_util::future::join_all(calls).await;
    let errors: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(errors.len(), 100);
    assert!(errors.iter().all(|error| **error == panicked("a", "x")), "{errors:?}");
    assert_eq!(trace.handled.load(Ordering::SeqCst), 9_900);
    let node = settle("all handled", || Some(node(&tree, "root/a")).filter(|node| node.restart_count == 100)).await;
    assert_eq!((node.handled, node.panics, node.restarts.len()), (9_900, 100, 10));
    assert_eq!((node.in_flight, node.mailbox.map(|mailbox| mailbox.depth)), (0, Some(0)));
    tree.stop().await;
}

#[actix_rt::test]
async fn response_futures_outlive_the_incarnation_that_began_them() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let pass = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    assert_eq!(address.send(Do::Panic("x")).await, Err(panicked("a", "x")));
    settle("replaced", || (trace.built() == 2).then_some(())).await;
    gate.add_permits(1);
    assert_eq!(pass.await.expect("task"), Ok("passed"));
    tree.stop().await;
}

#[actix_rt::test]
async fn a_panic_in_a_response_future_costs_that_message_only() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(1));
    assert_eq!(address.send(Pass(gate, Some("late"))).await, Err(panicked("a", "late")));
    assert_eq!(address.send(Count).await, Ok(1));
    let node = node(&tree, "root/a");
    assert_eq!((node.panics, node.restart_count, trace.built(), node.in_flight), (1, 0, 1, 0));
    assert_eq!(node.last_error.as_deref(), Some("panicked: late"));
    tree.stop().await;
}

#[actix_rt::test]
async fn a_panic_in_a_future_of_the_context_is_seen_and_ends_what_waits_in_it() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    assert_eq!(address.send(Do::PanicInContextFuture("timer")).await, Ok(()));
    let node = settle("restart", || Some(node(&tree, "root/a")).filter(|node| node.restart_count == 1)).await;
    assert_eq!(node.restarts[0].reason, "panicked: timer");
    assert_eq!(address.send(Count).await, Ok(1));
    assert_eq!(trace.built(), 2);
    tree.stop().await;
}

#[actix_rt::test]
async fn callers_of_futures_of_the_context_are_told_when_it_ends() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.mailbox(2).build();
    let tree = lenient("root").child(spec).start();
    let never = Arc::new(Semaphore::new(0));
    for operator in [true, false] {
        let passing = begin({
            let (address, gate) = (address.clone(), Arc::clone(&never));
            async move { address.send(PassInContext(gate)).await }
        })
        .await;
        settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
        let reason = if operator {
            tree.restart("root/a").await.expect("known");
            stopped("a")
        } else {
            assert_eq!(address.send(Do::Panic("x")).await, Err(panicked("a", "x")));
            panicked("a", "x")
        };
        assert_eq!(passing.await.expect("task"), Err(reason));
        assert_eq!(node(&tree, "root/a").in_flight, 0, "its place is free");
        assert_eq!(address.send(Count).await, Ok(1));
    }
    tree.stop().await;
}

#[actix_rt::test]
async fn a_stop_from_inside_is_in_order_and_restarts_a_permanent_child() {
    for message in [Do::Stop, Do::Terminate] {
        let (builder, trace) = subject("a");
        let (address, spec) = builder.build();
        let tree = lenient("root").child(spec).start();
        let (first, second) = tokio::join!(address.send(message), address.send(Count));
        assert_eq!((first, second), (Ok(()), Ok(1)));
        assert_eq!((trace.built(), trace.stopped.load(Ordering::SeqCst)), (2, 1));
        assert_eq!(node(&tree, "root/a").restarts[0].reason, "stopped itself");
        assert_eq!(node(&tree, "root/a").last_error, None);
        tree.stop().await;
    }
}

#[actix_rt::test]
async fn a_reported_failure_restarts_in_order() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    assert_eq!(address.send(Do::Fail("connection lost")).await, Ok(()));
    let node = settle("restart", || Some(node(&tree, "root/a")).filter(|node| node.restart_count == 1)).await;
    assert_eq!(node.last_error.as_deref(), Some("failed: connection lost"));
    assert_eq!(address.send(Count).await, Ok(1));
    assert_eq!(trace.stopped.load(Ordering::SeqCst), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn a_factory_may_fail_or_panic() {
    let tries = Arc::new(AtomicUsize::new(0));
    let inner = Arc::clone(&tries);
    let trace = Arc::new(Trace::default());
    let (address, spec) = child("a", move |life: &Life| match inner.fetch_add(1, Ordering::SeqCst) {
        0 => Err("no database".into()),
        1 => panic!("factory"),
        _ => Ok(Subject { trace: Arc::clone(&trace), life: life.clone(), calls: 0 }),
    })
    .build();
    let tree = lenient("root").child(spec).start();
    assert_eq!(address.send(Count).await, Ok(1));
    let reasons: Vec<_> = node(&tree, "root/a").restarts.into_iter().map(|restart| restart.reason).collect();
    assert_eq!(reasons, ["failed: no database", "panicked: factory"]);
    tree.stop().await;
}

struct Stillborn(bool);

impl Actor for Stillborn {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        assert!(!self.0, "stillborn");
        ctx.spawn(async {}.into_actor(self));
    }
}

#[actix_rt::test]
async fn a_panic_in_started_is_an_end_like_any_other() {
    let first = AtomicBool::new(true);
    let (_address, spec) = child("a", move |_: &Life| Ok(Stillborn(first.swap(false, Ordering::SeqCst)))).build();
    let tree = lenient("root").child(spec).start();
    until_running(&tree, "root/a").await;
    assert_eq!(node(&tree, "root/a").restarts[0].reason, "panicked: stillborn");
    tree.stop().await;
}

#[actix_rt::test]
async fn an_actor_cannot_spin_by_stopping_in_started() {
    struct Quitter;
    impl Actor for Quitter {
        type Context = Context<Self>;
        fn started(&mut self, ctx: &mut Self::Context) {
            ctx.stop();
        }
    }
    let (address, spec) = child("quitter", |_: &Life| Ok(Quitter)).build();
    let (builder, _) = subject("neighbour");
    let (neighbour, neighbour_spec) = builder.build();
    let tree = supervisor("root").child(spec).child(neighbour_spec).start();
    assert_eq!(neighbour.send(Count).await, Ok(1));
    let escalation = tree.escalated().await;
    assert!(escalation.to_string().contains("root/quitter stopped itself"), "{escalation}");
    assert_eq!(node(&tree, "root/quitter").restart_count, 5);
    assert_eq!(address.depth(), 0);
}

#[actix_rt::test]
async fn an_actor_may_refuse_its_own_stop_but_not_its_supervisors() {
    struct Stayer(Arc<Trace>);
    impl Actor for Stayer {
        type Context = Context<Self>;
        fn stopping(&mut self, _: &mut Self::Context) -> actix::Running {
            self.0.stopped.fetch_add(1, Ordering::SeqCst);
            actix::Running::Continue
        }
    }
    impl Handler<Count> for Stayer {
        type Result = usize;
        fn handle(&mut self, _: Count, ctx: &mut Self::Context) -> usize {
            ctx.stop();
            self.0.handled.fetch_add(1, Ordering::SeqCst) + 1
        }
    }
    let trace = Arc::new(Trace::default());
    let inner = Arc::clone(&trace);
    let (address, spec) =
        child("a", move |_: &Life| Ok(Stayer(Arc::clone(&inner)))).freeze_after(Duration::from_secs(3_600)).build();
    let tree = lenient("root").child(spec).start();
    assert_eq!((address.send(Count).await, address.send(Count).await), (Ok(1), Ok(2)));
    settle("refused twice", || (trace.stopped.load(Ordering::SeqCst) == 2).then_some(())).await;
    assert_eq!(node(&tree, "root/a").restart_count, 0);
    let stop = tokio::time::timeout(Duration::from_secs(10), tree.stop());
    stop.await.expect("it ends at once");
    assert_eq!(trace.stopped.load(Ordering::SeqCst), 3, "it was asked once more, in vain");
    assert_eq!(node(&tree, "root/a").state, State::Stopped);
}

#[actix_rt::test]
async fn a_panic_in_a_future_that_actix_spawned_is_answered_too() {
    #[derive(Message)]
    #[rtype(usize)]
    struct Later;
    impl Handler<Later> for Subject {
        type Result = actix::Response<usize>;
        fn handle(&mut self, _: Later, _: &mut Self::Context) -> Self::Result {
            actix::Response::fut(async { panic!("unseen") })
        }
    }
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(1).build();
    let tree = lenient("root").child(spec).start();
    let lost = "the response was lost to a panic inside it";
    assert_eq!(address.send(Later).await, Err(panicked("a", lost)));
    assert_eq!(address.send(Count).await, Ok(1));
    assert_eq!((node(&tree, "root/a").panics, trace.built()), (1, 1));
    tree.stop().await;
}
