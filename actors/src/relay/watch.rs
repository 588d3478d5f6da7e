//! When the relay looks at the outbox as a whole: what waits there, what fails, and when something is due.

use std::time::{Duration, Instant};

/// How often it looks without being woken: whatever another process left behind is found so.
const POLL: Duration = Duration::from_secs(6);
/// After so long without anything to do it looks what is left.
const QUIET: Duration = Duration::from_millis(200);
/// However busy it is, it looks so often, for people.
const REPORT: Duration = Duration::from_secs(2);
/// The shortest pause before something that is due, so that what stays due does not spin.
const BRIEF: Duration = Duration::from_millis(50);

/// What is known of the outbox as a whole.
#[derive(Debug)]
pub(super) struct Watch {
    looked_at: Instant,
    /// Something has come or gone since.
    changed: bool,
    /// Something is to be tried again, nobody knows when.
    failed: bool,
    pause: Duration,
}

impl Watch {
    pub fn new() -> Self {
        Self { looked_at: Instant::now(), changed: true, failed: true, pause: POLL }
    }

    /// Events have come or gone.
    pub fn change(&mut self) {
        self.changed = true;
    }

    /// Events are due again at a time that only the database knows.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// Whether it is time to look. Asked whenever nothing is on its way; `is_quiet` when nothing has happened for the pause
    /// that was given last.
    pub fn wants_look(&self, is_quiet: bool) -> bool {
        self.failed || is_quiet || (self.changed && self.looked_at.elapsed() >= REPORT)
    }

    /// The outbox was looked at, and something is due in so long.
    pub fn looked(&mut self, due_in: Option<Duration>) {
        let pause = due_in.unwrap_or(POLL).clamp(BRIEF, POLL);
        *self = Self { looked_at: Instant::now(), changed: false, failed: false, pause };
    }

    /// How long to wait for something to happen before looking.
    pub fn pause(&self) -> Duration {
        if self.changed { QUIET } else { self.pause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_relay_does_not_look_and_a_quiet_one_does() {
        let mut watch = Watch::new();
        assert!(watch.wants_look(false), "nothing is known at first");
        watch.looked(None);
        assert!(!watch.wants_look(false) && watch.wants_look(true));
        assert_eq!(watch.pause(), POLL);
        watch.change();
        assert!(!watch.wants_look(false));
        assert_eq!(watch.pause(), QUIET);
    }

    #[test]
    fn what_failed_is_looked_for_at_once() {
        let mut watch = Watch::new();
        watch.looked(Some(Duration::ZERO));
        assert_eq!(watch.pause(), BRIEF);
        watch.fail();
        assert!(watch.wants_look(false));
    }
}
