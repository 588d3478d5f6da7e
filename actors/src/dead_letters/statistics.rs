//! Dead letters, counted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use schemars::JsonSchema;
use serde::Serialize;

use super::actor::DeadLetters;
use super::error::Error;
use super::model::State;
use super::schema::dead_letters;
use crate::database::sql_types::Instant;
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// Counts all dead letters.
#[derive(Debug, Clone, Copy)]
pub struct CountDeadLetters;

/// How many dead letters there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterStatistics {
    /// All of them.
    pub total: i64,
    /// Those that are not resolved.
    pub unresolved: i64,
    /// By state.
    pub by_state: BTreeMap<String, i64>,
    /// Those that are not resolved, by consumer.
    pub by_consumer: BTreeMap<String, i64>,
    /// Those that are not resolved, by type of event; `unknown` when the message could not be read.
    pub by_event_type: BTreeMap<String, i64>,
    /// Those that are not resolved, by reason.
    pub by_reason: BTreeMap<String, i64>,
    /// When the oldest one that is not resolved was parked.
    pub oldest_unresolved_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    consumer: String,
    #[diesel(sql_type = Nullable<Text>)]
    event_type: Option<String>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    letters: i64,
}

impl Query for CountDeadLetters {
    type Service = DeadLetters;
    type Answer = DeadLetterStatistics;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<DeadLetterStatistics, Error> {
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT state, consumer, event_type, reason, count(*) AS letters FROM dead_letters
             GROUP BY state, consumer, event_type, reason",
        )
        .load(connection)?;
        let mut statistics = DeadLetterStatistics { by_state: none_yet(), ..DeadLetterStatistics::default() };
        rows.into_iter().for_each(|row| statistics.enter(row));
        let oldest = dead_letters::table
            .filter(dead_letters::state.ne(State::Resolved.name()))
            .order(dead_letters::sequence)
            .select(dead_letters::parked_at);
        statistics.oldest_unresolved_at = oldest.first::<Instant>(connection).optional()?.map(|at| at.0);
        Ok(statistics)
    }
}

fn none_yet() -> BTreeMap<String, i64> {
    State::ALL.iter().map(|state| (state.name().to_owned(), 0)).collect()
}

impl DeadLetterStatistics {
    fn enter(&mut self, row: Row) {
        self.total += row.letters;
        let unresolved = row.state != State::Resolved.name();
        *self.by_state.entry(row.state).or_default() += row.letters;
        if unresolved {
            self.unresolved += row.letters;
            *self.by_consumer.entry(row.consumer).or_default() += row.letters;
            *self.by_event_type.entry(row.event_type.unwrap_or_else(|| "unknown".to_owned())).or_default() +=
                row.letters;
            *self.by_reason.entry(row.reason).or_default() += row.letters;
        }
    }
}

/// How many are in each state, for the supervision tree: quick however many are resolved.
pub(super) fn unresolved(connection: &mut DatabaseConnection) -> Result<[(State, i64); 3], database::Error> {
    let mut count = |state: State| -> Result<(State, i64), database::Error> {
        let of_state = dead_letters::table.filter(dead_letters::state.eq(state.name())).count();
        Ok((state, of_state.get_result(connection)?))
    };
    Ok([count(State::Pending)?, count(State::Retrying)?, count(State::Failed)?])
}
