//! What a dead letter may become, and when: pure decisions.
//!
//! ```text
//!            park                      handled
//!   (failed) ----> pending --> retrying -------> resolved
//!                  ^  ^            |                ^
//!     policy: later|  +------------+ fails          |
//!                  |               | policy: enough |
//!                  +---- failed <--+                |
//!           an operator's retry |  resolve, discard |
//!                               +-------------------+
//! ```

use std::time::Duration;

use amqp::retry::{Outcome, Policies, Policy, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The consumer of events that the relay could not publish.
pub const RELAY: &str = "relay";
/// The consumer of messages that no queue of a service took.
pub const UNROUTED: &str = "unrouted";

/// Gives an enum of plain words their stored form, which is their form on the wire.
macro_rules! words {
    ($(#[$about:meta])* $Enum:ident { $($(#[$variant_about:meta])* $Variant:ident = $word:literal,)+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        $(#[$about])*
        #[serde(rename_all = "snake_case")]
        pub enum $Enum {
            $($(#[$variant_about])* $Variant,)+
        }

        impl $Enum {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$Variant),+];

            /// The word that is stored and sent.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $word,)+
                }
            }

            /// Reads the word.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == word)
            }
        }

        impl std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// Where a dead letter stands.
    #[schemars(rename = "DeadLetterState")]
    State {
        /// It is tried again by itself, when it is due and the first of its aggregate at its consumer.
        Pending = "pending",
        /// It is being tried.
        Retrying = "retrying",
        /// It waits for an operator.
        Failed = "failed",
        /// It is done with.
        Resolved = "resolved",
    }
}

words! {
    /// Why a message became a dead letter.
    #[schemars(rename = "DeadLetterReason")]
    Reason {
        /// It cannot be read.
        Malformed = "malformed",
        /// Its type is not in the catalogue, or its consumer has no reaction to it.
        UnknownType = "unknown_type",
        /// Another event has its aggregate's version.
        VersionConflict = "version_conflict",
        /// Handling it failed.
        Failed = "failed",
        /// An earlier event of its aggregate is a dead letter of the same consumer.
        Waiting = "waiting",
        /// The process died while it was being handled, again and again.
        Poison = "poison",
        /// The broker set it aside.
        SetAside = "set_aside",
        /// The relay cannot publish it.
        Unpublishable = "unpublishable",
    }
}

words! {
    /// Who set an attempt off.
    #[schemars(rename = "AttemptOrigin")]
    By {
        /// The first delivery, with its retries in place.
        Delivery = "delivery",
        /// The retry policy.
        Policy = "policy",
        /// An operator.
        Operator = "operator",
    }
}

words! {
    /// What an operator can do to one dead letter.
    #[schemars(rename = "DeadLetterAction")]
    Action {
        /// Try it once more, now.
        Retry = "retry",
        /// Say that what it stood for was done otherwise.
        Resolve = "resolve",
        /// Give it up.
        Discard = "discard",
    }
}

impl Reason {
    /// Whether later events of the aggregate have to wait for this one: not for what never was a part of its history.
    pub const fn is_ordered(self) -> bool {
        !matches!(self, Self::Malformed | Self::UnknownType | Self::VersionConflict)
    }
}

/// What a failed retry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is tried again by itself after this pause.
    Again(Duration),
    /// It waits for an operator.
    GivenUp,
}

impl Next {
    /// The state that goes with it.
    pub const fn state(self) -> State {
        match self {
            Self::Again(_) => State::Pending,
            Self::GivenUp => State::Failed,
        }
    }
}

/// The policy for events of a type at a consumer, who need not be a service.
pub fn policy(policies: &Policies, event_type: Option<&str>, consumer: &str) -> Policy {
    let event_type = event_type.unwrap_or_default();
    match consumer.parse() {
        Ok(service) => policies.of(event_type, service),
        Err(_) => policies.events.get(event_type).copied().unwrap_or(policies.default),
    }
}

/// What the failure with this number, counted from 1, leads to. An operator's retry is one attempt and no more.
/// `random` gives numbers in `[0, 1)`.
pub fn after_failure(policy: Policy, by: By, failures: u32, random: &mut dyn FnMut() -> f64) -> Next {
    if by == By::Operator {
        return Next::GivenUp;
    }
    match policy.verdict(Outcome::Failed { failures }, random) {
        Verdict::RetryAfter(pause) => Next::Again(pause),
        Verdict::DeadLetter | Verdict::Ack => Next::GivenUp,
    }
}

/// Why a letter is one after a failure of its own: whoever waited waits no more, what the broker set aside has been tried.
pub const fn reason_after_failure(before: Reason) -> Reason {
    match before {
        Reason::Waiting | Reason::SetAside => Reason::Failed,
        other => other,
    }
}

/// Why an operator cannot do this now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is done with.
    #[error("it is resolved, and stays so; a new failure of the event becomes a new dead letter")]
    Resolved,
    /// Its outcome is about to be known.
    #[error("it is being retried at this moment; look again in a few seconds")]
    Retrying,
}

/// Whether an operator may do this to a dead letter in this state.
///
/// # Errors
/// Says why not, and what to do.
pub const fn may(state: State, _action: Action) -> Result<(), Refused> {
    match state {
        State::Resolved => Err(Refused::Resolved),
        State::Retrying => Err(Refused::Retrying),
        State::Pending | State::Failed => Ok(()),
    }
}

/// Who the next attempt is set off by when an operator wants one: one that still has attempts of its policy keeps them.
pub const fn retried_by(state: State) -> By {
    match state {
        State::Failed | State::Resolved => By::Operator,
        State::Pending | State::Retrying => By::Policy,
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
