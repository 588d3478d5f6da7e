//! What callers and operators are told when something cannot be done.

use std::error::Error;
use std::time::Duration;

/// Any error a factory may fail with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a message got no answer from its actor.
///
/// Only [`CallError::Overloaded`] says that the message was certainly not handled; after the others
/// it may have been, in part or in whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The mailbox holds as many messages, waiting or in flight, as it may. Nothing was done; try
    /// again later.
    #[error("`{actor}` is overloaded: its mailbox of {capacity} messages is full; try again in a moment")]
    Overloaded {
        /// Name of the actor.
        actor: String,
        /// Messages the mailbox may hold, waiting and in flight together.
        capacity: usize,
    },
    /// Handling this message panicked, or the actor panicked while it was being handled.
    #[error("`{actor}` panicked while it handled this message: {message}")]
    Panicked {
        /// Name of the actor.
        actor: String,
        /// The panic's own words.
        message: String,
    },
    /// The actor has ended and will not come back, or it ended before it could answer.
    #[error("`{actor}` has stopped and takes no messages")]
    Stopped {
        /// Name of the actor.
        actor: String,
    },
    /// No answer came in time. The message may still be handled, unless its handling had not begun.
    #[error("`{actor}` did not answer within {limit:?}")]
    TimedOut {
        /// Name of the actor.
        actor: String,
        /// How long was waited.
        limit: Duration,
    },
}

/// No child of the tree has this path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no child `{path}` in the supervision tree; known paths: {known}")]
pub struct UnknownChild {
    /// The path that was asked for.
    pub path: String,
    /// The paths that exist and can be asked for, separated by commas.
    pub known: String,
}

/// An error and its sources in one line, outermost first.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
