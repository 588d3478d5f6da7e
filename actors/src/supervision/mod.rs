//! Supervision: actors that are restarted when they fail, and callers that always get an answer.
//!
//! A tree of supervisors starts actors from factories, watches them, and restarts them after a
//! panic, an error, a freeze or a stop, as Erlang/OTP does. It knows nothing of what the actors are
//! for.
//!
//! ```text
//!  callers, any thread           supervision thread (one for the tree)         the child's own arbiter
//!
//!  Address::send                 Family: one life of a supervisor
//!   | Letter                      | strategy, intensity, backoff
//!   v                             |
//!  +---------------------+        |   Warden: one a child   order: halt, kill   Runner: catches every panic
//!  | Mailbox: bounded    |        |    | heartbeat, limits  -----------------> +--------------------------+
//!  | waiting + in flight |        |    |                                       | actix Context            |
//!  |   <= capacity       |        |    | <----------------- heartbeat, Exit    |   Pump -> Handler::handle|
//!  +---------------------+        |    |                                       +--------------------------+
//!   |                             |    '-- writes Record --> Running::tree            |         ^
//!   |                             '-- Family: a supervisor below                      |         |
//!   '------------------------- the Pump takes one message at a time ------------------|---------'
//!  answer <------------------- Flight: answers once, frees the place <----------------'
//!
//!  starting --> running --> panic, error, freeze, ctx.stop() --> its policy says no ------> stopped or failed
//!     ^                                   |
//!     |                                   v policy says yes
//!     '---- backoff: restarting <---- within intensity? --- no --> siblings stopped, the parent is told;
//!                                                                  at the root: Running::escalated, exit code 70
//! ```
//!
//! What holds:
//!
//! - An [`Address`] exists before its actor and survives every restart; so does the mailbox behind
//!   it. A message that was not handled yet waits for the next incarnation, in its old place.
//! - A panic costs the message it happened in. In a handler it costs the incarnation too, because
//!   it may have left the actor's state half written; in a `ResponseFuture` it does not, because
//!   that borrows no state.
//! - `ResponseFuture`s in flight outlive their incarnation. Futures of the context
//!   (`ResponseActFuture`, `AtomicResponse`, `ctx.spawn`, timers) end with it, and callers who wait
//!   for them are told why.
//! - After a panic neither `stopping` nor `stopped` runs: both would find the broken state.
//! - A frozen actor is replaced although its thread may wake up again later: then it finds its
//!   messages answered and takes no more of them, but what the blocked handler still does outside
//!   the actor cannot be undone.
//! - Messages waiting and in flight are never more than the mailbox's capacity; the next one is
//!   refused at once.
//!
//! `ctx.address()` and `ctx.notify` work as in actix, for messages of an actor to itself; what is
//! sent there is unbounded and ends with the incarnation. Others use the [`Address`].
//!
//! Why not `actix::Supervisor` (0.13.5, tried): it restarts only after `ctx.stop()`. A panic in a
//! handler ends its task, so the address closes for good and all queued messages are lost. After a
//! stop it goes on with the same value of the actor, without limit, delay or yield; an actor that
//! stops in `started` keeps its whole arbiter busy for ever. And actix's mailbox is not bounded in
//! practice: each clone of an address may exceed its capacity by one.

mod address;
mod backoff;
mod child;
mod envelope;
mod error;
mod escalation;
mod exit;
mod family;
mod incarnation;
mod intensity;
mod life;
mod lock;
mod mailbox;
mod pump;
mod record;
mod runner;
mod running;
mod strategy;
mod supervisor;
mod tree;
mod warden;

#[cfg(test)]
mod tests;

pub use address::Address;
pub use backoff::Backoff;
pub use child::{ChildBuilder, ChildSpec, child};
pub use error::{BoxError, CallError, UnknownChild};
pub use escalation::{EXIT_ESCALATED, Escalation};
pub use intensity::Intensity;
pub use life::Life;
pub use running::Running;
pub use strategy::{Restart, Strategy};
pub use supervisor::{SupervisorBuilder, supervisor};
pub use tree::{Kind, MailboxLevel, Node, Restarted, State};
