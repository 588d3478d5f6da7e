//! The actor: tries due letters again, a bounded number at once, and answers operators.
//!
//! It is woken by whoever parks a letter and by its own commands, and looks by itself when the next letter is due.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, WrapFuture};
use amqp::retry::Policies;
use futures_util::FutureExt;
use tokio::sync::Notify;
use uuid::Uuid;

use super::claim;
use super::replay::Replay;
use super::retrier::Retrier;
use crate::service::{Campus, Command, Query, Question, Request};
use crate::supervision::Life;

/// What wakes the actor: given to it and to whoever parks letters, who calls [`Notify::notify_one`] after the commit.
pub fn wakeup() -> Arc<Notify> {
    Arc::new(Notify::new())
}

/// Letters that are being tried, so that they can be given back when the actor stops.
pub(super) type InHand = Arc<Mutex<HashSet<Uuid>>>;

/// The actor of dead letters.
pub struct DeadLetters {
    campus: Campus,
    wakeup: Arc<Notify>,
    in_hand: InHand,
    retrier: Arc<Retrier>,
}

impl DeadLetters {
    /// The actor on `campus`, which tries letters by `replay` as `policies` say.
    pub fn new(campus: Campus, policies: Arc<Policies>, replay: Replay, wakeup: Arc<Notify>, life: Life) -> Self {
        let in_hand = InHand::default();
        let retrier = Arc::new(Retrier {
            database: campus.database.clone(),
            clock: campus.clock.clone(),
            policies,
            replay,
            wakeup: Arc::clone(&wakeup),
            in_hand: Arc::clone(&in_hand),
            life,
        });
        Self { campus, wakeup, in_hand, retrier }
    }
}

impl Actor for DeadLetters {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.spawn(Arc::clone(&self.retrier).run().into_actor(self));
    }

    /// Gives back what is being tried: that it was broken off is not the letters' fault.
    fn stopped(&mut self, _: &mut Self::Context) {
        let ids: Vec<Uuid> = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if ids.is_empty() {
            return;
        }
        let now = self.campus.clock.now();
        // The work is handed to a database thread when it is first polled; nobody is left to wait for its end.
        let given_back = self.campus.database.write(move |transaction| claim::release(transaction, &ids, now));
        let _: Option<Result<(), crate::database::Error>> = given_back.now_or_never();
    }
}

impl<C: Command<Service = Self>> Handler<Request<C>> for DeadLetters {
    type Result = ResponseFuture<Result<C::Answer, C::Refusal>>;

    fn handle(&mut self, request: Request<C>, _: &mut Self::Context) -> Self::Result {
        let (work, wakeup) = (self.campus.execute(request), Arc::clone(&self.wakeup));
        Box::pin(async move {
            let answer = work.await;
            wakeup.notify_one();
            answer
        })
    }
}

impl<Q: Query<Service = Self>> Handler<Question<Q>> for DeadLetters {
    type Result = ResponseFuture<Result<Q::Answer, Q::Refusal>>;

    fn handle(&mut self, question: Question<Q>, _: &mut Self::Context) -> Self::Result {
        self.campus.answer(question)
    }
}
