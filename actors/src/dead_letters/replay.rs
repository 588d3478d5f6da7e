//! How a letter is tried again: what the event path lends to the actor.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::model::Reason;
use super::parcel::Letter;

/// Delivers a letter to its consumer. The transaction that handles it calls [`handled`](super::handled), so that a letter
/// is resolved if and only if its event has had its effect.
pub type Replay = Arc<dyn Fn(Letter) -> BoxFuture<'static, Result<Replayed, Failure>> + Send + Sync>;

/// What delivering a letter did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// Its event was handled.
    Now,
    /// Its event had been handled before.
    Before,
}

/// Why a letter was not handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Handling it failed; its policy decides what follows.
    #[error("{0}")]
    Failed(String),
    /// Trying it again is no use.
    #[error("{error}")]
    Hopeless {
        /// Why it is a dead letter now.
        reason: Reason,
        /// What went wrong.
        error: String,
    },
    /// Something that is not the letter's fault is away: it counts as no attempt.
    #[error("{0}")]
    Unavailable(String),
}
