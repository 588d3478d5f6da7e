//! Runs one incarnation on its arbiter and sees every panic of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task;
use std::task::Poll;

use actix::dev::ContextFut;
use actix::{Actor, ActorContext, AsyncContext, Context};

use super::child::Factory;
use super::error::describe;
use super::exit::{Exit, panic_text};
use super::incarnation::{Incarnation, Order};
use super::life::Life;
use super::mailbox::Mailbox;
use super::pump::Pump;

/// Builds the actor and runs it to its end; by then the actor is dropped.
pub(super) async fn run<A: Actor<Context = Context<A>>>(
    factory: Arc<Factory<A>>,
    mailbox: Arc<Mailbox<A>>,
    incarnation: Arc<Incarnation>,
) -> Exit {
    let life = Life::new(Arc::clone(&incarnation));
    let actor = match catch_unwind(AssertUnwindSafe(|| factory(&life))) {
        Ok(Ok(actor)) => actor,
        Ok(Err(error)) => return incarnation.settle(Exit::Failed(describe(&*error))),
        Err(payload) => return incarnation.settle(Exit::Panicked(panic_text(&*payload))),
    };
    let mut ctx = Context::new();
    ctx.spawn(Pump { mailbox, incarnation: Arc::clone(&incarnation) });
    Runner { context: Some(ctx.into_future(actor)), incarnation }.await
}

struct Runner<A: Actor<Context = Context<A>>> {
    context: Option<ContextFut<A, Context<A>>>,
    incarnation: Arc<Incarnation>,
}

impl<A: Actor<Context = Context<A>>> Runner<A> {
    /// Ends the incarnation. A context dropped alive would run `stopping` and `stopped` on a state
    /// that a panic may have broken; a terminated one does not.
    fn end(&mut self, exit: Exit) -> Exit {
        let fate = self.incarnation.settle(exit);
        if let Some(mut context) = self.context.take() {
            let dropped = catch_unwind(AssertUnwindSafe(|| {
                context.ctx().terminate();
                drop(context);
            }));
            if let Err(payload) = dropped {
                log::error!("{}: panicked while dropped: {}", self.incarnation.record().path(), panic_text(&*payload));
            }
        }
        fate
    }
}

impl<A: Actor<Context = Context<A>>> Future for Runner<A> {
    type Output = Exit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Exit> {
        let this = &mut *self;
        this.incarnation.runs_in(cx.waker());
        let order = this.incarnation.order();
        let Some(context) = this.context.as_mut().filter(|_| order != Order::Kill) else {
            return Poll::Ready(this.end(Exit::Shutdown));
        };
        if order == Order::Halt {
            context.ctx().stop();
        }
        match catch_unwind(AssertUnwindSafe(|| Pin::new(context).poll(cx))) {
            // An actor may refuse to stop by itself, but not when it is told to.
            Ok(Poll::Pending) if order == Order::Live => Poll::Pending,
            Ok(Poll::Pending) => Poll::Ready(this.end(Exit::Shutdown)),
            Ok(Poll::Ready(())) => Poll::Ready(this.end(Exit::Normal)),
            Err(payload) => Poll::Ready(this.end(Exit::Panicked(panic_text(&*payload)))),
        }
    }
}

/// When the arbiter itself ends, its tasks are dropped as they are.
impl<A: Actor<Context = Context<A>>> Drop for Runner<A> {
    fn drop(&mut self) {
        self.end(Exit::Shutdown);
    }
}
