//! What an operator sees and does.

use super::*;

#[actix_rt::test]
async fn the_tree_shows_what_there_is() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.mailbox(7).restart(Restart::Transient).build();
    let (twin, _) = subject("a");
    let (_twin_address, twin_spec) = twin.build();
    let inner = supervisor("inner").strategy(Strategy::RestForOne).child(spec).child(twin_spec);
    let tree = lenient("root").supervisor(inner).start();
    settle("ready", || tree.ready().then_some(())).await;
    assert_eq!(address.send(Do::Note("3 connections", true)).await, Ok(()));
    let json = serde_json::to_value(node(&tree, "root/inner/a")).expect("json");
    assert_eq!(json["path"], "root/inner/a");
    assert_eq!(json["kind"], "actor");
    assert_eq!(json["state"], "running");
    assert_eq!(json["restart"], "transient");
    assert_eq!(json["mailbox"], serde_json::json!({ "depth": 0, "capacity": 7 }));
    assert_eq!((&json["handled"], &json["in_flight"]), (&1.into(), &0.into()));
    assert_eq!((&json["detail"], &json["degraded"]), (&"3 connections".into(), &true.into()));
    assert!(json["uptime_ms"].is_u64());
    assert_eq!(node(&tree, "root/inner/a-2").name, "a", "of namesakes the later are numbered");
    let root = tree.tree();
    assert_eq!((root.kind, root.strategy, root.mailbox), (Kind::Supervisor, Some(Strategy::OneForOne), None));
    let waiting = serde_json::to_value(State::Restarting { in_ms: 5 }).expect("json");
    assert_eq!(waiting, serde_json::json!({ "restarting": { "in_ms": 5 } }));
    let _ = address.send(Do::Panic("x")).await;
    until_running(&tree, "root/inner/a").await;
    let node = settle("restarted", || Some(node(&tree, "root/inner/a")).filter(|node| node.restart_count == 1)).await;
    assert_eq!((node.detail, node.degraded), (None, false), "a new incarnation says nothing yet");
    tree.stop().await;
}

#[actix_rt::test]
async fn a_past_life_cannot_speak_for_the_present_one() {
    let lives = Arc::new(std::sync::Mutex::new(Vec::new()));
    let inner = Arc::clone(&lives);
    let trace = Arc::new(Trace::default());
    let (address, spec) = child("a", move |life: &Life| {
        inner.lock().expect("lock").push(life.clone());
        Ok(Subject { trace: Arc::clone(&trace), life: life.clone(), calls: 0 })
    })
    .build();
    let tree = lenient("root").child(spec).start();
    let _ = address.send(Do::Panic("x")).await;
    assert_eq!(address.send(Count).await, Ok(1));
    let past = lives.lock().expect("lock")[0].clone();
    past.fail("late");
    past.note("late");
    past.degraded(true);
    assert_eq!(address.send(Count).await, Ok(2));
    let node = node(&tree, "root/a");
    assert_eq!((node.detail, node.degraded, node.restart_count), (None, false, 1));
    tree.stop().await;
}

#[actix_rt::test]
async fn an_operator_restarts_anything_by_its_path() {
    let (builder, trace) = subject("a");
    let (sibling, sibling_trace) = subject("b");
    let (address, spec) = builder.restart(Restart::Temporary).build();
    let (_sibling_address, sibling_spec) = sibling.build();
    let inner = supervisor("inner").intensity(Intensity { restarts: 0, within: LONG }).child(spec).child(sibling_spec);
    let tree = supervisor("root").intensity(Intensity { restarts: 0, within: LONG }).supervisor(inner).start();
    settle("ready", || tree.ready().then_some(())).await;
    tree.restart("root/inner/a").await.expect("known");
    assert_eq!(address.send(Count).await, Ok(1));
    assert_eq!((trace.built(), sibling_trace.built()), (2, 1));
    let _ = address.send(Do::Panic("ends it for good")).await;
    settle("failed", || (node(&tree, "root/inner/a").state == State::Failed).then_some(())).await;
    tree.restart("root/inner/a").await.expect("known");
    assert_eq!(address.send(Count).await, Ok(1), "what had ended for good runs again");
    for path in ["root/inner", "root"] {
        let before = (trace.built(), sibling_trace.built());
        tree.restart(path).await.expect("known");
        settle("both again", || ((trace.built(), sibling_trace.built()) == (before.0 + 1, before.1 + 1)).then_some(()))
            .await;
    }
    let error = tree.restart("root/nobody").await.expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "there is no child `root/nobody` in the supervision tree; known paths: root, root/inner, root/inner/a, root/inner/b"
    );
    tree.stop().await;
    tree.restart("root/inner/a").await.expect("a stopped tree stays stopped");
    assert_eq!(address.send(Count).await, Err(stopped("a")));
}

const LONG: Duration = Duration::from_secs(60);

#[actix_rt::test]
async fn an_injected_panic_is_like_one_of_the_actor() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.build();
    let tree = lenient("root").child(spec).start();
    until_running(&tree, "root/a").await;
    tree.inject_panic("root/a").await.expect("known");
    settle("restarted", || (trace.built() == 2).then_some(())).await;
    assert_eq!(address.send(Count).await, Ok(1));
    let node = node(&tree, "root/a");
    assert_eq!((node.panics, node.last_error.as_deref()), (1, Some("panicked: injected panic")));
    assert!(tree.inject_panic("root/b").await.is_err());
    assert!(tree.inject_panic("root").await.is_ok(), "a supervisor is left alone");
    tree.stop().await;
}

#[actix_rt::test]
async fn stopping_is_in_reverse_order_and_lets_messages_finish() {
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut builder = lenient("root");
    let mut addresses = Vec::new();
    for name in ["a", "b", "c"] {
        let order = Arc::clone(&order);
        let (address, spec) = child(name, move |_: &Life| Ok(Leaver { name, order: Arc::clone(&order) })).build();
        addresses.push(address);
        builder = builder.child(spec);
    }
    let (slow, _) = subject("slow");
    let (slow_address, slow_spec) = slow.concurrency(1).build();
    let tree = builder.child(slow_spec).start();
    settle("ready", || tree.ready().then_some(())).await;
    let gate = Arc::new(Semaphore::new(0));
    let last = begin({
        let (address, gate) = (slow_address.clone(), Arc::clone(&gate));
        async move { tokio::join!(address.send(Pass(gate, None)), address.send(Count)) }
    })
    .await;
    settle("one in flight, one waits", || (slow_address.depth() == 1).then_some(())).await;
    let stopping = begin({
        let tree = tree.clone();
        async move { tree.stop().await }
    })
    .await;
    let mut refused = slow_address.send_within(Count, Duration::from_millis(5)).await;
    while refused != Err(stopped("slow")) {
        refused = slow_address.send_within(Count, Duration::from_millis(5)).await;
    }
    assert!(order.lock().expect("lock").is_empty(), "the others wait for the last child");
    gate.add_permits(1);
    assert_eq!(last.await.expect("task"), (Ok("passed"), Ok(1)), "what was there is handled, what comes is not");
    stopping.await.expect("task");
    assert_eq!(*order.lock().expect("lock"), ["c", "b", "a"]);
    assert!(tree.tree().children.iter().all(|child| child.state == State::Stopped));
    assert!(!tree.ready());
}

struct Leaver {
    name: &'static str,
    order: Arc<std::sync::Mutex<Vec<&'static str>>>,
}

impl Actor for Leaver {
    type Context = Context<Self>;
    fn stopped(&mut self, _: &mut Self::Context) {
        self.order.lock().expect("lock").push(self.name);
    }
}

#[actix_rt::test]
async fn draining_has_a_limit() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.concurrency(1).drain_within(Duration::from_millis(50)).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let calls = begin(async move { tokio::join!(address.send(Pass(gate, None)), address.send(Count)) }).await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    tree.stop().await;
    let (passing, waiting) = calls.await.expect("task");
    assert_eq!((passing, waiting), (Err(stopped("a")), Err(stopped("a"))));
}
