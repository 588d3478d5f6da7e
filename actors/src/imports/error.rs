//! Why an import is refused or breaks off.

use super::report::ImportReport;
use super::timetable::FileError;
use crate::supervision::CallError;
use crate::{availability, database, resources};

/// A refusal of the imports coordinator.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such import.
    #[error("there is no such import")]
    NotFound,
    /// The file as a whole cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The term is not one.
    #[error("{0}")]
    Term(String),
    /// Rows are refused and the import is strict: nothing was imported.
    #[error("{} rows are refused and nothing was imported, because the import is strict", .0.refused.len())]
    Strict(Box<ImportReport>),
    /// The import broke off in the middle. What it had imported stays; importing again goes on from there.
    #[error("the import broke off: {0}; import the file again to go on from there")]
    BrokenOff(String),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::BrokenOff(error.to_string())
    }
}

impl From<resources::Error> for Error {
    fn from(error: resources::Error) -> Self {
        Self::BrokenOff(error.to_string())
    }
}

impl From<availability::Error> for Error {
    fn from(error: availability::Error) -> Self {
        Self::BrokenOff(error.to_string())
    }
}
