//! What an import did, or would do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::timetable::Finding;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowOutcome {
    /// Its block has reservations that are new.
    Created,
    /// Everything it says was there already.
    Unchanged,
    /// It, or its block, could not be imported: see `refused`.
    Refused,
}

/// What became of the row that begins at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowResult {
    /// The line at which the row begins; the first line of the file is 1.
    pub line: u64,
    /// What became of it.
    pub outcome: RowOutcome,
}

/// What an import did, or in a dry run would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The import.
    pub id: Uuid,
    /// Whether nothing was imported because it was only tried.
    pub dry_run: bool,
    /// Whether the import has come to its end.
    pub finished: bool,
    /// Why it broke off, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Blocks that have been dealt with so far.
    pub done: usize,
    /// Data rows of the file.
    pub rows: usize,
    /// Rooms of the file that became resources.
    pub resources_created: usize,
    /// Rooms of the file that were resources already.
    pub resources_unchanged: usize,
    /// Weekly blocks: adjacent hours of one course, room and day.
    pub blocks: usize,
    /// Reservations that were made.
    pub reservations_created: usize,
    /// Reservations that were there already.
    pub unchanged: usize,
    /// What is odd but was imported.
    pub warnings: Vec<Finding>,
    /// What was not imported, and why.
    pub refused: Vec<Finding>,
    /// What became of each row, by line.
    pub results: Vec<RowResult>,
}

impl ImportReport {
    /// The counts alone: enough to show how far it is, and small however large the file.
    pub(super) fn progress(&self) -> Self {
        Self { error: self.error.clone(), warnings: Vec::new(), refused: Vec::new(), results: Vec::new(), ..*self }
    }
}
