//! Why the resources service refuses.

use crate::database;
use crate::violation::Violation;

/// A refusal of the resources service.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such resource, or it was deleted.
    #[error("there is no such resource")]
    NotFound,
    /// No such category.
    #[error("there is no such category")]
    CategoryNotFound,
    /// Another resource has the code.
    #[error("the code {0} belongs to another resource; choose another one")]
    CodeTaken(String),
    /// Another category has the name.
    #[error("another category is called {0}; choose another name")]
    CategoryNameTaken(String),
    /// The caller saw another version.
    #[error("the resource has version {current} by now; read it again and repeat the change")]
    VersionStale {
        /// The version it has.
        current: i64,
    },
    /// Fields are not as they must be.
    #[error("the request breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl Error {
    /// `Ok` when nothing was found wrong.
    pub(super) fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::Invalid(violations)) }
    }
}
