//! Why the availability service refuses.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Slot;
use crate::database;
use crate::violation::Violation;

/// A reservation, or another hold, that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// What holds the resource: a reservation's identifier.
    pub holder_id: Uuid,
    /// When the hold begins, buffers included.
    pub start_time: DateTime<Utc>,
    /// When it ends, buffers included.
    pub end_time: DateTime<Utc>,
}

/// A refusal of the availability service.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such resource, or it was deleted, or it was created a moment ago and its event is still on its way.
    #[error("there is no such resource")]
    ResourceNotFound,
    /// No such reservation, or none that the caller may see.
    #[error("there is no such reservation")]
    NotFound,
    /// No such series, or none that the caller may see.
    #[error("there is no such series")]
    SeriesNotFound,
    /// The caller may not do this to somebody else's reservation.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The resource is taken.
    #[error("the resource is taken at that time")]
    Conflict {
        /// By what.
        conflicts: Vec<Conflict>,
        /// When it would be free.
        alternatives: Vec<Slot>,
    },
    /// Rules are broken, all that are.
    #[error("the request breaks {} rules", .0.len())]
    Broken(Vec<Violation>),
    /// The reservation is past the state in which this can be done.
    #[error("{0}")]
    NotChangeable(String),
    /// The caller saw another version.
    #[error("the reservation has version {current} by now; read it again and repeat the change")]
    VersionStale {
        /// The version it has.
        current: i64,
    },
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl Error {
    /// `Ok` when no rule is broken.
    pub(super) fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::Broken(violations)) }
    }
}

/// A decision that its own model cannot apply.
pub(super) fn unfit(reason: String) -> Error {
    Error::Storage(database::Error::Damaged(reason))
}
