//! Why an operation on dead letters is refused.

use uuid::Uuid;

use super::model::Refused;
use crate::database;
use crate::violation::Violation;

/// A refusal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such dead letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// No such bulk retry.
    #[error("there is no such bulk retry")]
    BulkNotFound,
    /// Its state does not allow it.
    #[error("the dead letter cannot be changed: {0}")]
    State(#[from] Refused),
    /// An earlier event of its aggregate comes first.
    #[error("an earlier event of its aggregate is a dead letter of the same consumer; decide on {first} first")]
    Behind {
        /// The dead letter of that event.
        first: Uuid,
    },
    /// Its payload cannot be edited.
    #[error("its payload cannot be edited: {0}")]
    NotEditable(String),
    /// Fields are not as they must be.
    #[error("the request breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Error {
    /// `Ok` when nothing was found wrong.
    pub(super) fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::Invalid(violations)) }
    }
}
