//! What an actor's factory is given.

use std::fmt;
use std::sync::Arc;

use super::exit::Exit;
use super::incarnation::{Incarnation, Order};

/// An incarnation's line to its supervisor. Clones may be kept anywhere; once the incarnation has
/// ended they do nothing.
#[derive(Clone)]
pub struct Life {
    incarnation: Arc<Incarnation>,
}

impl Life {
    pub(super) fn new(incarnation: Arc<Incarnation>) -> Self {
        Self { incarnation }
    }

    /// Reports that the actor cannot go on: it is stopped in order and restarted as its policy
    /// says.
    pub fn fail(&self, error: impl fmt::Display) {
        self.incarnation.end(Order::Halt, Exit::Failed(error.to_string()));
    }

    /// Sets the detail that the tree shows for the child; an empty text removes it.
    pub fn note(&self, text: impl Into<String>) {
        let text = text.into();
        self.incarnation.record().note(self.incarnation.generation(), Some(text).filter(|text| !text.is_empty()));
    }

    /// Says whether the child works, but less well than it should, as the tree shows it.
    pub fn degraded(&self, degraded: bool) {
        self.incarnation.record().degraded(self.incarnation.generation(), degraded);
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("child", &self.incarnation.record().path()).finish_non_exhaustive()
    }
}
