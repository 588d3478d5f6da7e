//! Rows of bulk retries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::filter::LetterFilter;
use super::super::schema::bulk_retries;
use crate::database::Error;
use crate::database::sql_types::{Id, Instant, Json};

/// Where a bulk retry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BulkRetryState")]
pub enum BulkState {
    /// One letter is tried first.
    Canary,
    /// The others are retried.
    Running,
    /// All have been retried.
    Done,
    /// The first one failed again, so the others were let be.
    Stopped,
}

impl BulkState {
    /// The word that is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::Canary, Self::Running, Self::Done, Self::Stopped].into_iter().find(|state| state.name() == word)
    }
}

/// A retry of many letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkRetry {
    /// Identifies it.
    pub id: Uuid,
    /// Which letters are meant: of these, those that wait for an operator.
    pub filter: LetterFilter,
    /// How many are retried a second, at most.
    pub per_second: u32,
    /// Where it stands.
    pub state: BulkState,
    /// How many letters matched when it began.
    pub matched: i64,
    /// How many have been retried.
    pub retried: i64,
    /// How many of those are resolved.
    pub resolved: i64,
    /// How many of those failed again.
    pub failed_again: i64,
    /// The letter that was tried first.
    pub canary_id: Option<Uuid>,
    /// Why it ended as it did.
    pub detail: Option<String>,
    /// Who began it; null for the operator at the machine itself.
    pub started_by: Option<Uuid>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last went on.
    pub updated_at: DateTime<Utc>,
    /// Up to when its rate has been used.
    #[serde(skip)]
    pub advanced_at: DateTime<Utc>,
}

/// A row of the table.
#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = bulk_retries, treat_none_as_null = true)]
pub(super) struct Row {
    id: Id,
    filter: Json,
    per_second: i32,
    state: String,
    matched: i64,
    retried: i64,
    resolved: i64,
    failed_again: i64,
    canary_id: Option<Id>,
    detail: Option<String>,
    started_by: Option<Id>,
    created_at: Instant,
    updated_at: Instant,
    advanced_at: Instant,
}

impl Row {
    pub fn of(bulk: &BulkRetry) -> Result<Self, Error> {
        let filter = serde_json::to_value(&bulk.filter).map_err(|error| Error::Damaged(error.to_string()))?;
        Ok(Self {
            id: Id(bulk.id),
            filter: Json(filter),
            per_second: i32::try_from(bulk.per_second).unwrap_or(i32::MAX),
            state: bulk.state.name().to_owned(),
            matched: bulk.matched,
            retried: bulk.retried,
            resolved: bulk.resolved,
            failed_again: bulk.failed_again,
            canary_id: bulk.canary_id.map(Id),
            detail: bulk.detail.clone(),
            started_by: bulk.started_by.map(Id),
            created_at: Instant(bulk.created_at),
            updated_at: Instant(bulk.updated_at),
            advanced_at: Instant(bulk.advanced_at),
        })
    }

    pub fn bulk(self) -> Result<BulkRetry, Error> {
        let damaged = |what: &str| Error::Damaged(format!("{what} of bulk retry {}", self.id.0));
        Ok(BulkRetry {
            id: self.id.0,
            filter: serde_json::from_value(self.filter.0).map_err(|_| damaged("filter"))?,
            per_second: u32::try_from(self.per_second).map_err(|_| damaged("rate"))?,
            state: BulkState::named(&self.state).ok_or_else(|| damaged("state"))?,
            matched: self.matched,
            retried: self.retried,
            resolved: self.resolved,
            failed_again: self.failed_again,
            canary_id: self.canary_id.map(Uuid::from),
            detail: self.detail,
            started_by: self.started_by.map(Uuid::from),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            advanced_at: self.advanced_at.0,
        })
    }
}
