//! Checking that each user is what its history says.

use diesel::prelude::*;

use super::store::{COLUMNS, Row, users};
use super::{Auth, Error, User};
use crate::database::{self, DatabaseConnection};
use crate::event_store::{events_of, fold};
use crate::service::{Context, Query};

/// Compares every stored user with the fold of its events; answers how many were compared and what differs.
#[derive(Debug, Clone, Copy)]
pub struct CheckUsers;

impl Query for CheckUsers {
    type Service = Auth;
    type Answer = (usize, Vec<String>);
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Self::Answer, Error> {
        let rows = users::table.select(COLUMNS).load::<Row>(connection).map_err(database::Error::from)?;
        let mut differences = Vec::new();
        let compared = rows.len();
        for row in rows {
            let stored = row.user()?;
            let id = stored.id;
            match fold::<User>(&events_of(connection, id)?) {
                Ok(Some(folded)) if folded == stored => {}
                Ok(folded) => differences.push(format!("user {id} is {stored:?}, its history says {folded:?}")),
                Err(error) => differences.push(format!("user {id}: {error}")),
            }
        }
        Ok((compared, differences))
    }
}
