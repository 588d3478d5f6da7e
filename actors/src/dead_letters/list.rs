//! Listing dead letters.

use diesel::prelude::*;

use super::actor::DeadLetters;
use super::error::Error;
use super::filter::{LetterFilter, narrow};
use super::schema::dead_letters;
use super::view::{DeadLetter, Row};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// Lists dead letters, those parked last first.
#[derive(Debug, Clone)]
pub struct ListDeadLetters {
    /// Which ones.
    pub filter: LetterFilter,
    /// Only those behind this place: [`DeadLetter::sequence`] of the last one of the page before.
    pub after: Option<i64>,
    /// At most this many.
    pub limit: i64,
}

/// A page of dead letters.
#[derive(Debug, Clone)]
pub struct DeadLetterPage {
    /// The dead letters.
    pub items: Vec<DeadLetter>,
    /// The place to go on behind; `None` when this is the last page.
    pub next: Option<i64>,
}

impl Query for ListDeadLetters {
    type Service = DeadLetters;
    type Answer = DeadLetterPage;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<DeadLetterPage, Error> {
        let query = dead_letters::table
            .order(dead_letters::sequence.desc())
            .limit(self.limit + 1)
            .select(Row::as_select())
            .into_boxed();
        let mut query = narrow!(query, &self.filter);
        if let Some(after) = self.after {
            query = query.filter(dead_letters::sequence.lt(after));
        }
        let rows = query.load::<Row>(connection)?;
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let more = rows.len() > limit;
        let items = rows.into_iter().take(limit).map(Row::dead_letter).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| more).map(|letter| letter.sequence);
        Ok(DeadLetterPage { items, next })
    }
}
