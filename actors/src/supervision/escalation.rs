//! How the whole tree ends when restarting did not help.

use std::fmt;

/// Exit code of a process whose root supervisor gave up, so that whoever runs the process starts it
/// afresh.
///
/// Source: `EX_SOFTWARE` of BSD's `sysexits(3)`.
pub const EXIT_ESCALATED: i32 = 70;

/// Why the root supervisor gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub(super) path: String,
    pub(super) reason: String,
}

impl Escalation {
    /// Path of the supervisor that gave up: the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The restarts that were too many, and the failure that was the last.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Escalation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "supervisor `{}` gave up: {}", self.path, self.reason)
    }
}
