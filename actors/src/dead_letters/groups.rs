//! Dead letters by what they failed of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use schemars::JsonSchema;
use serde::Serialize;

use super::actor::DeadLetters;
use super::error::Error;
use super::model::Reason;
use super::schema::dead_letters;
use crate::database::sql_types::{Instant, SqlInstant};
use crate::database::{self, DatabaseConnection, each_engine};
use crate::service::{Context, Query};

/// Groups of dead letters that failed alike, the largest first.
#[derive(Debug, Clone, Copy)]
pub struct GroupDeadLetters {
    /// Whether resolved ones count as well.
    pub resolved: bool,
    /// At most this many groups.
    pub limit: i64,
}

/// Dead letters that failed alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterGroup {
    /// What they have in common.
    pub fingerprint: String,
    /// How many there are.
    pub count: i64,
    /// How many there are in each state.
    pub states: BTreeMap<String, i64>,
    /// Who could not handle them.
    pub consumer: String,
    /// The type of their events.
    pub event_type: Option<String>,
    /// Why they are dead letters.
    pub reason: Reason,
    /// What the one that was parked last failed with.
    pub sample_error: String,
    /// When the first one was parked.
    pub first_parked_at: DateTime<Utc>,
    /// When the last one was parked.
    pub last_parked_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    fingerprint: String,
    #[diesel(sql_type = Text)]
    consumer: String,
    #[diesel(sql_type = Nullable<Text>)]
    event_type: Option<String>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    retrying: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    resolved: i64,
    #[diesel(sql_type = SqlInstant)]
    first_at: Instant,
    #[diesel(sql_type = SqlInstant)]
    last_at: Instant,
    #[diesel(sql_type = BigInt)]
    latest: i64,
}

impl Query for GroupDeadLetters {
    type Service = DeadLetters;
    type Answer = Vec<DeadLetterGroup>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Vec<DeadLetterGroup>, Error> {
        let which = if self.resolved { "" } else { "WHERE state <> 'resolved'" };
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT fingerprint, min(consumer) AS consumer, min(event_type) AS event_type, min(reason) AS reason,
                count(CASE WHEN state = 'pending' THEN 1 END) AS pending,
                count(CASE WHEN state = 'retrying' THEN 1 END) AS retrying,
                count(CASE WHEN state = 'failed' THEN 1 END) AS failed,
                count(CASE WHEN state = 'resolved' THEN 1 END) AS resolved,
                min(parked_at) AS first_at, max(parked_at) AS last_at, max(sequence) AS latest
             FROM dead_letters {which} GROUP BY fingerprint ORDER BY count(*) DESC, fingerprint LIMIT $1"
        ))
        .bind::<BigInt, _>(self.limit)
        .load(connection)?;
        let latest: Vec<i64> = rows.iter().map(|row| row.latest).collect();
        let errors: Vec<(i64, String)> = each_engine!(connection, connection => {
            dead_letters::table.filter(dead_letters::sequence.eq_any(&latest))
                .select((dead_letters::sequence, dead_letters::error)).load(connection)
        })?;
        let mut errors: BTreeMap<i64, String> = errors.into_iter().collect();
        rows.into_iter().map(|row| group(&mut errors, row)).collect()
    }
}

fn group(errors: &mut BTreeMap<i64, String>, row: Row) -> Result<DeadLetterGroup, Error> {
    let states =
        [("pending", row.pending), ("retrying", row.retrying), ("failed", row.failed), ("resolved", row.resolved)];
    let states = states.into_iter().filter(|(_, count)| *count > 0);
    let states: BTreeMap<String, i64> = states.map(|(state, count)| (state.to_owned(), count)).collect();
    let unknown = || database::Error::Damaged(format!("reason of dead letters: {}", row.reason));
    Ok(DeadLetterGroup {
        reason: Reason::named(&row.reason).ok_or_else(unknown)?,
        count: states.values().sum(),
        states,
        sample_error: errors.remove(&row.latest).unwrap_or_default(),
        fingerprint: row.fingerprint,
        consumer: row.consumer,
        event_type: row.event_type,
        first_parked_at: row.first_at.0,
        last_parked_at: row.last_at.0,
    })
}
