//! Tests of the kit as a whole: trees that run, with actors that fail in every way the kit promises
//! to survive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorContext, AsyncContext, AtomicResponse, Context, Handler, Message, ResponseActFuture, ResponseFuture,
    WrapFuture,
};
use tokio::sync::Semaphore;

use super::*;

mod escalation;
mod freeze;
mod laws;
mod lifecycle;
mod mailbox;
mod operator;
mod policy;
mod strategies;

/// Polls until `condition` gives a value; fails the test if it does not within ten seconds.
async fn settle<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "did not happen in time: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What the test sees of all incarnations of one actor.
#[derive(Default)]
struct Trace {
    built: AtomicUsize,
    stopped: AtomicUsize,
    dropped: AtomicUsize,
    handled: AtomicUsize,
    most_at_once: AtomicUsize,
    at_once: AtomicUsize,
}

impl Trace {
    fn built(&self) -> usize {
        self.built.load(Ordering::SeqCst)
    }
}

/// An actor that does what it is told, good or bad.
struct Subject {
    trace: Arc<Trace>,
    life: Life,
    calls: usize,
}

impl Actor for Subject {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        self.trace.stopped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.trace.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn subject(name: &'static str) -> (ChildBuilder<Subject>, Arc<Trace>) {
    let trace = Arc::new(Trace::default());
    let inner = Arc::clone(&trace);
    let builder = child(name, move |life: &Life| {
        inner.built.fetch_add(1, Ordering::SeqCst);
        Ok(Subject { trace: Arc::clone(&inner), life: life.clone(), calls: 0 })
    });
    (builder, trace)
}

/// How many messages this incarnation has handled, this one included.
#[derive(Message)]
#[rtype(usize)]
struct Count;

impl Handler<Count> for Subject {
    type Result = usize;
    fn handle(&mut self, _: Count, _: &mut Self::Context) -> usize {
        self.calls += 1;
        self.trace.handled.fetch_add(1, Ordering::SeqCst);
        self.calls
    }
}

/// What to do that may go wrong.
#[derive(Message)]
#[rtype(result = "()")]
enum Do {
    Panic(&'static str),
    PanicInContextFuture(&'static str),
    Stop,
    Terminate,
    Fail(&'static str),
    Note(&'static str, bool),
    Block(Arc<AtomicBool>),
}

impl Handler<Do> for Subject {
    type Result = ();
    fn handle(&mut self, message: Do, ctx: &mut Self::Context) {
        match message {
            Do::Panic(text) => panic!("{text}"),
            Do::PanicInContextFuture(text) => {
                ctx.run_later(Duration::from_millis(1), move |_, _| panic!("{text}"));
            }
            Do::Stop => ctx.stop(),
            Do::Terminate => ctx.terminate(),
            Do::Fail(text) => self.life.fail(text),
            Do::Note(text, degraded) => {
                self.life.note(text);
                self.life.degraded(degraded);
            }
            Do::Block(release) => {
                while !release.load(Ordering::SeqCst) {
                    std::thread::park_timeout(Duration::from_millis(1));
                }
            }
        }
    }
}

/// Waits for a permit of the gate, beside other messages.
#[derive(Message)]
#[rtype(result = "&'static str")]
struct Pass(Arc<Semaphore>, Option<&'static str>);

impl Handler<Pass> for Subject {
    type Result = ResponseFuture<&'static str>;
    fn handle(&mut self, Pass(gate, panic): Pass, _: &mut Self::Context) -> Self::Result {
        let trace = Arc::clone(&self.trace);
        Box::pin(async move {
            let now = trace.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            trace.most_at_once.fetch_max(now, Ordering::SeqCst);
            let permit = gate.acquire().await;
            trace.at_once.fetch_sub(1, Ordering::SeqCst);
            drop(permit);
            if let Some(text) = panic {
                panic!("{text}");
            }
            "passed"
        })
    }
}

/// Waits for a permit of the gate, with the whole context.
#[derive(Message)]
#[rtype(result = "&'static str")]
struct PassAlone(Arc<Semaphore>);

impl Handler<PassAlone> for Subject {
    type Result = AtomicResponse<Self, &'static str>;
    fn handle(&mut self, PassAlone(gate): PassAlone, _: &mut Self::Context) -> Self::Result {
        AtomicResponse::new(Box::pin(
            async move {
                drop(gate.acquire().await);
                "passed"
            }
            .into_actor(self),
        ))
    }
}

/// Waits for a permit of the gate in the context, beside other messages.
#[derive(Message)]
#[rtype(result = "&'static str")]
struct PassInContext(Arc<Semaphore>);

impl Handler<PassInContext> for Subject {
    type Result = ResponseActFuture<Self, &'static str>;
    fn handle(&mut self, PassInContext(gate): PassInContext, _: &mut Self::Context) -> Self::Result {
        Box::pin(
            async move {
                drop(gate.acquire().await);
                "passed"
            }
            .into_actor(self),
        )
    }
}

/// Restarts without limit or delay.
fn lenient(name: &'static str) -> SupervisorBuilder {
    supervisor(name)
        .intensity(Intensity { restarts: 1_000, within: Duration::from_secs(60) })
        .backoff(Backoff { base: Duration::ZERO, cap: Duration::ZERO })
}

fn node(running: &Running, path: &str) -> Node {
    running.tree().find(path).cloned().unwrap_or_else(|| panic!("no node {path}"))
}

async fn until_running(running: &Running, path: &str) {
    settle(path, || (node(running, path).state == State::Running).then_some(())).await;
}

fn panicked(actor: &str, message: &str) -> CallError {
    CallError::Panicked { actor: actor.to_owned(), message: message.to_owned() }
}

fn stopped(actor: &str) -> CallError {
    CallError::Stopped { actor: actor.to_owned() }
}

/// Lets a future run beside the test.
async fn begin<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let task = tokio::spawn(future);
    tokio::task::yield_now().await;
    task
}
