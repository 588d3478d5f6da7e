//! Watches one incarnation from the supervision thread: its end, its heartbeats, and the order to
//! stop it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Arbiter, Context};
use tokio::sync::oneshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::child::{Child, Started, Stop};
use super::exit::Exit;
use super::incarnation::{Incarnation, Order};
use super::lock::lock;
use super::record::Phase;
use super::runner;

/// Heartbeats that must stay unanswered, one after the other, before an actor counts as frozen.
/// Counting them, instead of measuring time, spares all actors when it was the whole process that
/// stood still.
const MISSED_BEATS: u32 = 3;

/// How long a thread may take to drop a frozen actor before the thread itself counts as frozen.
const GRACE: Duration = Duration::from_millis(50);

/// Launches a new incarnation and returns what watches it.
pub(super) fn start<A: Actor<Context = Context<A>>>(child: &Arc<Child<A>>) -> Started {
    let incarnation = Arc::new(Incarnation::new(child.mailbox.renew(), Arc::clone(&child.record)));
    child.record.begin(&incarnation);
    let (stop, stopped) = oneshot::channel();
    let launched = launch(child, &incarnation);
    let child = Arc::clone(child);
    let ended = Box::pin(async move {
        match launched {
            Ok(ended) => Warden { child, incarnation, ended }.watch(stopped).await,
            Err(error) => Exit::Failed(format!("its thread could not be started: {error}")),
        }
    });
    Started { stop, ended }
}

fn launch<A>(child: &Child<A>, incarnation: &Arc<Incarnation>) -> io::Result<oneshot::Receiver<Exit>>
where
    A: Actor<Context = Context<A>>,
{
    let (report, ended) = oneshot::channel();
    let (factory, mailbox) = (Arc::clone(&child.factory), Arc::clone(&child.mailbox));
    let incarnation = Arc::clone(incarnation);
    let mut arbiter = lock(&child.arbiter);
    let usable = match arbiter.take().filter(Arbiter::alive) {
        Some(arbiter) => arbiter,
        None => Arbiter::try_new()?,
    };
    #[expect(clippy::disallowed_methods, reason = "this is where supervised actors start")]
    usable.spawn_fn(move || {
        actix_rt::spawn(async move {
            let _ = report.send(runner::run(factory, mailbox, incarnation).await);
        });
    });
    *arbiter = Some(usable);
    Ok(ended)
}

struct Warden<A: Actor> {
    child: Arc<Child<A>>,
    incarnation: Arc<Incarnation>,
    ended: oneshot::Receiver<Exit>,
}

impl<A: Actor<Context = Context<A>>> Warden<A> {
    async fn watch(mut self, mut stopped: oneshot::Receiver<Stop>) -> Exit {
        let mut beats = self.beats();
        let mut missed = 0;
        loop {
            tokio::select! {
                exit = &mut self.ended => return self.report(exit.ok()),
                stop = &mut stopped => return self.halt(stop.unwrap_or(Stop::Now)).await,
                _ = beats.tick() => {
                    missed = if self.incarnation.ask_heartbeat() { 0 } else { missed + 1 };
                    if missed == MISSED_BEATS {
                        return self.replace().await;
                    }
                }
            }
        }
    }

    fn beats(&self) -> Interval {
        let period = self.child.freeze_after / MISSED_BEATS;
        let mut beats = interval_at(Instant::now() + period, period);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats
    }

    fn report(&self, exit: Option<Exit>) -> Exit {
        exit.unwrap_or_else(|| self.incarnation.settle(Exit::Failed("its thread ended".to_owned())))
    }

    async fn halt(mut self, stop: Stop) -> Exit {
        if stop == Stop::Drain {
            self.child.mailbox.close();
            tokio::select! {
                exit = &mut self.ended => return self.report(exit.ok()),
                _ = timeout(self.child.drain_within, self.child.mailbox.empty()) => {}
            }
        }
        self.incarnation.end(Order::Halt, Exit::Shutdown);
        match timeout(self.child.freeze_after, &mut self.ended).await {
            Ok(exit) => self.report(exit.ok()),
            Err(_) => self.abandon(),
        }
    }

    /// Ends a frozen incarnation. If only its context is stuck, in a future that it waits for, the
    /// thread is as good as new; if the thread is, it is left behind.
    async fn replace(mut self) -> Exit {
        self.child.record.pause(Phase::Frozen);
        self.incarnation.end(Order::Kill, Exit::Frozen(self.child.freeze_after));
        match timeout(GRACE, &mut self.ended).await {
            Ok(exit) => self.report(exit.ok()),
            Err(_) => self.abandon(),
        }
    }

    fn abandon(&self) -> Exit {
        self.incarnation.end(Order::Kill, Exit::Frozen(self.child.freeze_after));
        log::error!("{}: its thread does not answer and is abandoned", self.child.record.path());
        if let Some(arbiter) = lock(&self.child.arbiter).take() {
            arbiter.stop();
        }
        let exit = Exit::Frozen(self.child.freeze_after);
        self.child.mailbox.give_up(&exit.to_call_error(self.child.mailbox.name()));
        exit
    }
}
