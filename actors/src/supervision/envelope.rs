//! A message on its way: what waits in a mailbox, is handled once, and answers its caller exactly
//! once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, Context, Handler, Message, ResponseFuture};
use futures_util::FutureExt;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::error::CallError;
use super::exit::{Exit, panic_text};
use super::incarnation::Incarnation;
use super::lock::lock;
use super::mailbox::Mailbox;

/// An addressed message of any type, as its mailbox sees it.
pub(super) trait Envelope<A: Actor>: Send + Sync {
    /// Handles the message. Unwinds as the user's handler does, after the caller was told.
    fn deliver(self: Arc<Self>, desk: Desk<A>, actor: &mut A, ctx: &mut Context<A>)
    where
        A: Actor<Context = Context<A>>;
    /// Answers with an error, unless the message is answered already.
    fn refuse(&self, error: CallError);
    /// True when nobody waits for the answer any more.
    fn is_forsaken(&self) -> bool;
}

/// Where a message in flight belongs.
pub(super) struct Desk<A: Actor> {
    pub(super) mailbox: Arc<Mailbox<A>>,
    pub(super) incarnation: Arc<Incarnation>,
    pub(super) id: u64,
}

type Reply<M> = oneshot::Sender<Result<<M as Message>::Result, CallError>>;
pub(super) type Answer<M> = oneshot::Receiver<Result<<M as Message>::Result, CallError>>;

/// The envelope of one message of type `M`.
pub(super) struct Letter<M: Message> {
    message: Mutex<Option<M>>,
    reply: Mutex<Option<Reply<M>>>,
}

impl<M: Message> Letter<M> {
    pub(super) fn new(message: M) -> (Arc<Self>, Answer<M>) {
        let (reply, answer) = oneshot::channel();
        (Arc::new(Self { message: Mutex::new(Some(message)), reply: Mutex::new(Some(reply)) }), answer)
    }
}

impl<A, M> Envelope<A> for Letter<M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn deliver(self: Arc<Self>, desk: Desk<A>, actor: &mut A, ctx: &mut Context<A>) {
        let message = lock(&self.message).take();
        let flight = Flight { letter: self, desk, landed: false };
        let Some(message) = message else { return };
        match catch_unwind(AssertUnwindSafe(|| actor.handle(message, ctx))) {
            Ok(response) => flight.follow(response, ctx),
            Err(payload) => {
                flight.fail(&Exit::Panicked(panic_text(&*payload)));
                resume_unwind(payload)
            }
        }
    }

    fn refuse(&self, error: CallError) {
        let reply = lock(&self.reply).take();
        if let Some(reply) = reply {
            let _ = reply.send(Err(error));
        }
    }

    fn is_forsaken(&self) -> bool {
        lock(&self.reply).as_ref().is_none_or(oneshot::Sender::is_closed)
    }
}

/// A message being handled. Dropping it frees its place in the mailbox and, if nothing else has,
/// answers the caller with the incarnation's fate.
struct Flight<A: Actor, M: Message> {
    letter: Arc<Letter<M>>,
    desk: Desk<A>,
    landed: bool,
}

impl<A, M> Flight<A, M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Sees to it that the handler's response, now or later, becomes the answer.
    fn follow(self, response: <A as Handler<M>>::Result, ctx: &mut Context<A>) {
        let mut response = Some(response);
        // actix spawns this kind of response on its own, where the words of a panic are lost.
        let future = (&mut response as &mut dyn Any).downcast_mut::<Option<ResponseFuture<M::Result>>>();
        if let Some(future) = future.and_then(Option::take) {
            spawn_local(self.complete(future));
            return;
        }
        let (sender, mut receiver): (OneshotSender<M::Result>, _) = oneshot::channel();
        if let Some(response) = response {
            response.handle(ctx, Some(sender));
        }
        match receiver.try_recv() {
            Ok(value) => self.answer(Ok(value)),
            Err(TryRecvError::Closed) => drop(self),
            Err(TryRecvError::Empty) => spawn_local(async move {
                if let Ok(value) = receiver.await {
                    self.answer(Ok(value));
                }
            }),
        }
    }

    async fn complete(self, future: ResponseFuture<M::Result>) {
        match AssertUnwindSafe(future).catch_unwind().await {
            Ok(value) => self.answer(Ok(value)),
            Err(payload) => {
                let exit = Exit::Panicked(panic_text(&*payload));
                self.desk.incarnation.record().panicked(&exit);
                self.fail(&exit);
            }
        }
    }
}

impl<A: Actor, M: Message> Flight<A, M> {
    fn fail(self, exit: &Exit) {
        let error = exit.to_call_error(self.desk.mailbox.name());
        self.answer(Err(error));
    }

    fn answer(mut self, answer: Result<M::Result, CallError>) {
        self.land(answer.is_ok());
        if let Some(reply) = self.take_reply() {
            let _ = reply.send(answer);
        }
    }

    /// Frees the place. Always before the answer, so that a caller who sends again at once finds
    /// the place free.
    fn land(&mut self, answered: bool) {
        self.landed = true;
        self.desk.mailbox.land(self.desk.id, answered);
    }

    /// The incarnation goes on, but the response is gone: actix saw a panic in a future of its own.
    fn lost(&self) -> Exit {
        let exit = Exit::Panicked("the response was lost to a panic inside it".to_owned());
        self.desk.incarnation.record().panicked(&exit);
        exit
    }

    fn take_reply(&self) -> Option<Reply<M>> {
        lock(&self.letter.reply).take()
    }
}

impl<A: Actor, M: Message> Drop for Flight<A, M> {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        self.land(false);
        if let Some(reply) = self.take_reply() {
            let exit = self.desk.incarnation.fate().unwrap_or_else(|| self.lost());
            let _ = reply.send(Err(exit.to_call_error(self.desk.mailbox.name())));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a message in flight outlives the incarnation that began it")]
fn spawn_local(future: impl Future<Output = ()> + 'static) {
    actix_rt::spawn(future);
}
