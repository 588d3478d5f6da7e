//! One life of a supervisor: its children run, fail, are restarted, until it is stopped or gives
//! up.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::child::{Started, Stop};
use super::exit::Exit;
use super::intensity::Window;
use super::record::Phase;
use super::strategy::Restart;
use super::supervisor::{Plan, Request};

/// What a supervisor holds about one of its children.
#[derive(Default)]
struct Seat {
    /// Present while the child runs.
    stop: Option<oneshot::Sender<Stop>>,
    started_at: Option<Instant>,
    /// When to start it; absent while it runs and when it has ended for good.
    due: Option<Instant>,
    /// Failures in a row, each before the child had been stable.
    failures: u32,
}

enum Event {
    Stop(Stop),
    Request(Request),
    Ended(usize, Exit),
    Due,
}

pub(super) struct Family {
    plan: Arc<Plan>,
    seats: Vec<Seat>,
    running: FuturesUnordered<BoxFuture<'static, (usize, Exit)>>,
    /// Ends that were seen while another child's end was waited for.
    seen: VecDeque<(usize, Exit)>,
    window: Window,
    requests: mpsc::UnboundedReceiver<Request>,
}

impl Family {
    /// Starts all children, in order.
    pub(super) fn start(plan: &Arc<Plan>) -> Started {
        let (sender, requests) = mpsc::unbounded_channel();
        plan.record.supervises(sender);
        let mut family = Self {
            plan: Arc::clone(plan),
            seats: plan.units.iter().map(|_| Seat::default()).collect(),
            running: FuturesUnordered::new(),
            seen: VecDeque::new(),
            window: Window::default(),
            requests,
        };
        for index in 0..family.seats.len() {
            family.launch(index);
        }
        let (stop, stopped) = oneshot::channel();
        Started { stop, ended: Box::pin(family.run(stopped)) }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<Stop>) -> Exit {
        loop {
            match self.next(&mut stopped).await {
                Event::Stop(stop) => {
                    self.stop(0..self.seats.len(), stop).await;
                    self.plan.record.pause(Phase::Stopped);
                    return Exit::Shutdown;
                }
                Event::Request(Request::Restart { path, done }) => {
                    self.restart_by_request(&path).await;
                    let _ = done.send(());
                }
                Event::Ended(index, exit) => {
                    if let Some(reason) = self.ended(index, &exit).await {
                        self.give_up().await;
                        return Exit::Escalated(reason);
                    }
                }
                Event::Due => self.launch_due(),
            }
        }
    }

    async fn next(&mut self, stopped: &mut oneshot::Receiver<Stop>) -> Event {
        if let Some((index, exit)) = self.seen.pop_front() {
            return Event::Ended(index, exit);
        }
        let due = self.seats.iter().filter_map(|seat| seat.due).min();
        tokio::select! {
            stop = stopped => Event::Stop(stop.unwrap_or(Stop::Now)),
            Some(request) = self.requests.recv() => Event::Request(request),
            Some((index, exit)) = self.running.next(), if !self.running.is_empty() => Event::Ended(index, exit),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Event::Due,
        }
    }

    fn launch(&mut self, index: usize) {
        let Started { stop, ended } = self.plan.units[index].start();
        let seat = &mut self.seats[index];
        seat.stop = Some(stop);
        seat.due = None;
        seat.started_at = Some(Instant::now());
        self.running.push(Box::pin(async move { (index, ended.await) }));
    }

    fn launch_due(&mut self) {
        let now = Instant::now();
        for index in 0..self.seats.len() {
            if self.seats[index].due.is_some_and(|due| due <= now) {
                self.launch(index);
            }
        }
    }

    /// A child has ended by itself. Returns why the supervisor must give up, if it must.
    async fn ended(&mut self, index: usize, exit: &Exit) -> Option<String> {
        let plan = Arc::clone(&self.plan);
        let record = plan.units[index].record();
        self.seats[index].stop = None;
        record.ended(exit);
        if !record.restart.applies_to(exit) {
            log::warn!("{}: {exit}; it is not restarted", record.path());
            record.pause(if exit.is_abnormal() { Phase::Failed } else { Phase::Stopped });
            plan.units[index].dismiss();
            return None;
        }
        let now = Instant::now();
        if !self.window.admits(plan.intensity, now) {
            record.pause(Phase::Failed);
            let (restarts, within) = (plan.intensity.restarts, plan.intensity.within);
            let reason = format!(
                "more than {restarts} restarts within {within:?} were needed; the last: {} {exit}",
                record.path()
            );
            log::error!("{}: gives up: {reason}", plan.record.path());
            return Some(reason);
        }
        self.schedule(index, exit, now).await;
        None
    }

    /// Stops the siblings that are to be restarted with the child and says when all of them start.
    async fn schedule(&mut self, index: usize, exit: &Exit, now: Instant) {
        let plan = Arc::clone(&self.plan);
        let seat = &mut self.seats[index];
        if seat.started_at.is_some_and(|at| now.duration_since(at) >= plan.intensity.within) {
            seat.failures = 0;
        }
        let delay = plan.backoff.delay(seat.failures);
        seat.failures = seat.failures.saturating_add(1);
        let group = plan.strategy.group(index, self.seats.len());
        let record = plan.units[index].record();
        log::error!("{}: {exit}; restarting in {delay:?}", record.path());
        record.pause(Phase::Restarting((now + delay).into_std()));
        self.stop(group.clone(), Stop::Now).await;
        let mut due = now + delay;
        for member in group {
            let record = plan.units[member].record();
            if member != index && record.restart == Restart::Temporary {
                plan.units[member].dismiss();
                continue;
            }
            record.count_restart(reason_for(member == index, plan.units[index].record().path(), exit));
            // Neither before those that it may depend on, nor before its own wait is over.
            due = self.seats[member].due.map_or(due, |own| own.max(due));
            record.pause(Phase::Restarting(due.into_std()));
            self.seats[member].due = Some(due);
        }
        self.launch_due();
    }

    /// Stops all children. Their mailboxes stay: the parent may yet start everything again.
    async fn give_up(&mut self) {
        self.stop(0..self.seats.len(), Stop::Now).await;
        for (seat, unit) in self.seats.iter_mut().zip(&self.plan.units) {
            if seat.due.take().is_some() {
                unit.record().pause(Phase::Stopped);
            }
        }
        self.plan.record.pause(Phase::Failed);
    }

    /// Stops children in reverse order, each to its end before the next.
    async fn stop(&mut self, range: Range<usize>, how: Stop) {
        for index in range.rev() {
            let Some(stop) = self.seats[index].stop.take() else {
                if how == Stop::Drain {
                    self.finish(index);
                }
                continue;
            };
            let _ = stop.send(how);
            let exit = self.end_of(index).await;
            let record = self.plan.units[index].record();
            record.ended(&exit);
            record.pause(Phase::Stopped);
            if how == Stop::Drain {
                self.finish(index);
            }
        }
    }

    /// A child's end, whether it has been seen already or not.
    async fn end_of(&mut self, index: usize) -> Exit {
        if let Some(at) = self.seen.iter().position(|(other, _)| *other == index) {
            return self.seen.remove(at).map_or(Exit::Shutdown, |(_, exit)| exit);
        }
        while let Some((other, exit)) = self.running.next().await {
            if other == index {
                return exit;
            }
            self.seen.push_back((other, exit));
        }
        Exit::Shutdown
    }

    /// The child will not be started again.
    fn finish(&mut self, index: usize) {
        self.seats[index].due = None;
        let unit = &self.plan.units[index];
        if unit.record().phase() != Phase::Failed {
            unit.record().pause(Phase::Stopped);
        }
        unit.retire();
    }

    async fn restart_by_request(&mut self, path: &str) {
        let plan = Arc::clone(&self.plan);
        let one = plan.units.iter().position(|unit| unit.record().path() == path);
        let range = one.map_or(0..self.seats.len(), |index| index..index + 1);
        self.stop(range.clone(), Stop::Now).await;
        for index in range {
            let record = plan.units[index].record();
            log::info!("{}: restarted by an operator", record.path());
            record.count_restart("an operator asked for it".to_owned());
            self.seats[index].failures = 0;
            self.launch(index);
        }
    }
}

fn reason_for(itself: bool, path: &str, exit: &Exit) -> String {
    if itself { exit.to_string() } else { format!("restarted with {path}, which {exit}") }
}
