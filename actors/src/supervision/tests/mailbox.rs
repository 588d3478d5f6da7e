//! The bound of the mailbox, and what callers are told.

use std::task::Waker;

use super::super::envelope::Letter;
use super::super::mailbox::{Gauge, Mailbox};
use super::*;

#[actix_rt::test]
async fn ten_thousand_clones_cannot_overfill_it() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(16).concurrency(4).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let calls: Vec<_> = (0..10_000)
        .map(|_| {
            let (address, gate) = (address.clone(), Arc::clone(&gate));
            tokio::spawn(async move { address.send(Pass(gate, None)).await })
        })
        .collect();
    settle("all but sixteen are refused", || {
        let node = node(&tree, "root/a");
        let depth = node.mailbox.map_or(0, |mailbox| mailbox.depth);
        assert!(depth + node.in_flight <= 16, "{depth} + {}", node.in_flight);
        (calls.iter().filter(|call| call.is_finished()).count() == 9_984).then_some(())
    })
    .await;
    settle("four at once", || (node(&tree, "root/a").in_flight == 4).then_some(())).await;
    assert_eq!(address.depth(), 12);
    gate.add_permits(1);
    let mut passed = 0;
    for call in calls {
        match call.await.expect("task") {
            Ok(_) => passed += 1,
            Err(error) => assert_eq!(error, CallError::Overloaded { actor: "a".to_owned(), capacity: 16 }),
        }
    }
    assert_eq!(passed, 16);
    assert_eq!(trace.most_at_once.load(Ordering::SeqCst), 4);
    assert_eq!((address.depth(), node(&tree, "root/a").in_flight), (0, 0));
    tree.stop().await;
}

#[actix_rt::test]
async fn with_a_concurrency_of_one_messages_are_handled_one_by_one() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.concurrency(1).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(1));
    let calls = (0..50).map(|_| address.send(Pass(Arc::clone(&gate), None)));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| *answer == Ok("passed")));
    assert_eq!(trace.most_at_once.load(Ordering::SeqCst), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn a_caller_that_has_gone_takes_its_message_along() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(2).concurrency(1).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let passing = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    let limit = Duration::from_millis(5);
    for _ in 0..3 {
        let late = CallError::TimedOut { actor: "a".to_owned(), limit };
        assert_eq!(address.send_within(Count, limit).await, Err(late), "its place is free for the next one");
    }
    assert_eq!(address.depth(), 0);
    gate.add_permits(1);
    assert_eq!(passing.await.expect("task"), Ok("passed"));
    assert_eq!(address.send(Count).await, Ok(1), "none of the three was handled");
    assert_eq!(trace.handled.load(Ordering::SeqCst), 1);
    tree.stop().await;
}

#[actix_rt::test]
async fn a_message_is_handled_to_its_end_when_its_caller_goes_during_it() {
    let (builder, trace) = subject("a");
    let (address, spec) = builder.mailbox(1).build();
    let tree = lenient("root").child(spec).start();
    let gate = Arc::new(Semaphore::new(0));
    let call = begin({
        let (address, gate) = (address.clone(), Arc::clone(&gate));
        async move { address.send(Pass(gate, None)).await }
    })
    .await;
    settle("in flight", || (node(&tree, "root/a").in_flight == 1).then_some(())).await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    let full = Err(CallError::Overloaded { actor: "a".to_owned(), capacity: 1 });
    assert_eq!(address.send(Count).await, full, "it holds its place until then");
    gate.add_permits(1);
    settle("it ends", || {
        (trace.at_once.load(Ordering::SeqCst) == 0 && node(&tree, "root/a").in_flight == 0).then_some(())
    })
    .await;
    assert_eq!(address.send(Count).await, Ok(1));
    tree.stop().await;
}

#[actix_rt::test]
async fn a_place_is_free_when_the_answer_is_there() {
    let (builder, _) = subject("a");
    let (address, spec) = builder.mailbox(1).build();
    let tree = lenient("root").child(spec).start();
    for call in 1..=2_000 {
        assert_eq!(address.send(Count).await, Ok(call));
    }
    tree.stop().await;
}

#[test]
fn addresses_and_handles_cross_threads() {
    fn crosses<T: Send + Sync>(_: &T) {}
    fn moves<T: Send>(_: &T) {}
    let (builder, _) = subject("a");
    let (address, spec) = builder.build();
    crosses(&address);
    moves(&address.send(Count));
    moves(&address.send_within(Count, Duration::ZERO));
    let tree = supervisor("root").child(spec).start();
    crosses(&tree);
    moves(&tree.escalated());
    moves(&tree.stop());
    moves(&tree.restart("root"));
    assert_eq!(format!("{address:?}"), "Address { name: \"a\", .. }");
    assert_eq!((address.name(), address.capacity()), ("a", 1024));
}

#[test]
fn an_incarnation_that_was_given_up_takes_no_more_messages() {
    let mailbox = Mailbox::<Subject>::new("a", 4, 4);
    let given_up = mailbox.renew();
    let (first, mut answer) = Letter::new(Count);
    let (second, _waiting) = Letter::new(Count);
    mailbox.push(first).expect("a place");
    mailbox.push(second).expect("a place");
    let (id, _) = mailbox.take(given_up, Waker::noop()).expect("a message");
    mailbox.give_up(&stopped("a"));
    assert_eq!(answer.try_recv(), Ok(Err(stopped("a"))));
    assert!(mailbox.take(given_up, Waker::noop()).is_none());
    mailbox.land(id, true);
    let level = mailbox.level();
    assert_eq!((level.waiting, level.in_flight, level.handled), (1, 0, 0));
    assert!(mailbox.take(mailbox.renew(), Waker::noop()).is_some());
}
