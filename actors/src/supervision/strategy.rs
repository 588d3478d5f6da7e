//! Who is restarted, and with whom.

use std::ops::Range;

use serde::Serialize;

use super::exit::Exit;

/// Whether a child is restarted after it ended.
///
/// Source: Erlang/OTP, `supervisor(3)`, "child specification", key `restart`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// Only after an abnormal end: a panic, an error or a freeze, but not `ctx.stop()`.
    Transient,
    /// Never, not even when a sibling's failure is the reason of its end.
    Temporary,
}

impl Restart {
    pub(super) fn applies_to(self, exit: &Exit) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => exit.is_abnormal(),
            Self::Temporary => false,
        }
    }
}

/// Which siblings are restarted together with a child that failed.
///
/// Source: Erlang/OTP, `supervisor(3)`, "supervision principles".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// None: children do not depend on each other.
    #[default]
    OneForOne,
    /// All of them: they depend on each other.
    OneForAll,
    /// Those that were added after it: each may depend on those before it.
    RestForOne,
}

impl Strategy {
    /// The children, of `count` in all, that are restarted when `failed` is.
    pub(super) fn group(self, failed: usize, count: usize) -> Range<usize> {
        match self {
            Self::OneForOne => failed..failed + 1,
            Self::OneForAll => 0..count,
            Self::RestForOne => failed..count,
        }
    }
}
