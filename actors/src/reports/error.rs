//! Why the reports service refuses.

use crate::database;
use crate::violation::Violation;

/// A refusal of the reports service.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The question is not as it must be.
    #[error("the request breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}
