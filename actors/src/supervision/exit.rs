//! Why an incarnation or a supervisor ended.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use super::error::CallError;

/// Reason of an end. Everything but `Normal` and `Shutdown` is abnormal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// The actor stopped itself with `ctx.stop()`.
    Normal,
    /// Its supervisor stopped it.
    Shutdown,
    /// A panic in its factory, its context or one of its handlers.
    Panicked(String),
    /// Its factory returned an error, or it reported one itself.
    Failed(String),
    /// It did not answer heartbeats for this long.
    Frozen(Duration),
    /// A supervisor spent its restarts.
    Escalated(String),
}

impl Exit {
    pub(super) fn is_abnormal(&self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown)
    }

    /// What the caller of a message is told that was in flight when `actor` ended like this.
    pub(super) fn to_call_error(&self, actor: &str) -> CallError {
        let actor = actor.to_owned();
        match self {
            Self::Panicked(message) => CallError::Panicked { actor, message: message.clone() },
            Self::Frozen(limit) => CallError::TimedOut { actor, limit: *limit },
            Self::Normal | Self::Shutdown | Self::Failed(_) | Self::Escalated(_) => CallError::Stopped { actor },
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("stopped itself"),
            Self::Shutdown => f.write_str("stopped by its supervisor"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Frozen(limit) => write!(f, "frozen: no heartbeat for {limit:?}"),
            Self::Escalated(reason) => write!(f, "gave up: {reason}"),
        }
    }
}

/// The words of a panic, as `panic!` gave them.
pub(super) fn panic_text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
