//! Hands messages to the actor, from inside its own context.

use std::pin::Pin;
use std::sync::Arc;
use std::task;
use std::task::Poll;

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext, Context};

use super::envelope::Desk;
use super::incarnation::{Incarnation, Order};
use super::mailbox::Mailbox;

/// Messages handled before the thread's other tasks get a turn.
const TURN: usize = 64;

/// A future of the context that moves messages from the mailbox into handlers, one at a time and
/// only when the context is ready for one. So none ever sits in actix's own mailbox, where it would
/// be lost with the incarnation.
pub(super) struct Pump<A: Actor> {
    pub(super) mailbox: Arc<Mailbox<A>>,
    pub(super) incarnation: Arc<Incarnation>,
}

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for Pump<A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, ctx: &mut Context<A>, task: &mut task::Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.incarnation.answer_heartbeat();
        if this.incarnation.takes_injected_panic() {
            panic!("injected panic");
        }
        for _ in 0..TURN {
            if ctx.waiting() || this.incarnation.order() != Order::Live {
                return Poll::Pending;
            }
            let Some((id, envelope)) = this.mailbox.take(this.incarnation.generation(), task.waker()) else {
                return Poll::Pending;
            };
            let (mailbox, incarnation) = (Arc::clone(&this.mailbox), Arc::clone(&this.incarnation));
            envelope.deliver(Desk { mailbox, incarnation, id }, actor, ctx);
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
