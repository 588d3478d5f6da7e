//! Listing and searching users.

use diesel::prelude::*;

use super::store::{COLUMNS, Row, users};
use super::{Auth, Error, User};
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// Lists users by e-mail address.
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// Only those behind this address: the last one of the page before.
    pub after: Option<String>,
    /// At most this many.
    pub limit: i64,
    /// Only those whose address or name holds this text, in any case.
    pub search: Option<String>,
}

/// A page of users.
#[derive(Debug, Clone)]
pub struct UserPage {
    /// The users, by e-mail address.
    pub items: Vec<User>,
    /// The address to go on behind; `None` when this is the last page.
    pub next: Option<String>,
}

impl Query for ListUsers {
    type Service = Auth;
    type Answer = UserPage;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<UserPage, Error> {
        let mut query = users::table.select(COLUMNS).order(users::email).limit(self.limit + 1).into_boxed();
        if let Some(after) = self.after {
            query = query.filter(users::email.gt(after));
        }
        if let Some(search) = self.search {
            query = query.filter(users::search_text.like(contains(&search)).escape('\\'));
        }
        let rows = query.load::<Row>(connection).map_err(database::Error::from)?;
        page(rows, self.limit)
    }
}

/// A `LIKE` pattern for texts that hold `search` literally.
fn contains(search: &str) -> String {
    let mut pattern = String::from("%");
    for c in search.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn page(rows: Vec<Row>, limit: i64) -> Result<UserPage, Error> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > limit;
    let items = rows.into_iter().take(limit).map(Row::user).collect::<Result<Vec<_>, _>>()?;
    let next = if more { items.last().map(|user| user.email.clone()) } else { None };
    Ok(UserPage { items, next })
}
