//! How to reach a child.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, Message};

use super::envelope::Letter;
use super::error::CallError;
use super::mailbox::{Gauge, Mailbox};

/// The lasting address of a child: it exists before the actor runs and survives every restart of
/// it.
pub struct Address<A: Actor> {
    mailbox: Arc<Mailbox<A>>,
}

impl<A: Actor> Address<A> {
    pub(super) fn new(mailbox: Arc<Mailbox<A>>) -> Self {
        Self { mailbox }
    }

    /// Sends a message and waits for the answer, however long it takes.
    ///
    /// Dropping the future takes the message back if its handling has not begun.
    ///
    /// # Errors
    /// [`CallError::Overloaded`] at once when the mailbox is full, otherwise why no answer came.
    pub async fn send<M>(&self, message: M) -> Result<M::Result, CallError>
    where
        A: Actor<Context = Context<A>> + Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let (letter, answer) = Letter::new(message);
        let id = self.mailbox.push(letter)?;
        let mut claim = Claim { mailbox: &self.mailbox, id: Some(id) };
        let answered = answer.await;
        claim.id = None;
        answered.unwrap_or_else(|_| Err(self.mailbox.stopped()))
    }

    /// Sends a message and waits at most `limit` for the answer. A message whose handling has not
    /// begun by then is never handled; one whose handling has begun is handled to its end.
    ///
    /// # Errors
    /// [`CallError::TimedOut`] when `limit` has passed, otherwise those of [`Address::send`].
    pub async fn send_within<M>(&self, message: M, limit: Duration) -> Result<M::Result, CallError>
    where
        A: Actor<Context = Context<A>> + Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        tokio::time::timeout(limit, self.send(message))
            .await
            .unwrap_or_else(|_| Err(CallError::TimedOut { actor: self.name().to_owned(), limit }))
    }

    /// Messages that wait, without those in flight.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.mailbox.level().waiting
    }

    /// Messages the mailbox may hold, waiting and in flight together.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.mailbox.level().capacity
    }

    /// Name of the child.
    #[must_use]
    pub fn name(&self) -> &str {
        self.mailbox.name()
    }
}

impl<A: Actor> Clone for Address<A> {
    fn clone(&self) -> Self {
        Self { mailbox: Arc::clone(&self.mailbox) }
    }
}

impl<A: Actor> fmt::Debug for Address<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// A caller's claim to an answer; dropped unfulfilled, it withdraws the message.
struct Claim<'a, A: Actor> {
    mailbox: &'a Mailbox<A>,
    id: Option<u64>,
}

impl<A: Actor> Drop for Claim<'_, A> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.mailbox.withdraw(id);
        }
    }
}
