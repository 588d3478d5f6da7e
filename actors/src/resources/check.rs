//! Checking that each resource is what its history says.

use diesel::prelude::*;

use super::store::{Row, resources};
use super::{Error, Resource, Resources};
use crate::database::{self, DatabaseConnection};
use crate::event_store::{events_of, fold};
use crate::service::{Context, Query};

/// Compares every stored resource with the fold of its events; answers how many were compared and what differs.
#[derive(Debug, Clone, Copy)]
pub struct CheckResources;

impl Query for CheckResources {
    type Service = Resources;
    type Answer = (usize, Vec<String>);
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Self::Answer, Error> {
        let rows = resources::table.load::<Row>(connection).map_err(database::Error::from)?;
        let mut differences = Vec::new();
        let compared = rows.len();
        for row in rows {
            let stored = row.resource()?;
            let id = stored.id;
            match fold::<Resource>(&events_of(connection, id)?) {
                Ok(Some(folded)) if folded == stored => {}
                Ok(folded) => differences.push(format!("resource {id} is {stored:?}, its history says {folded:?}")),
                Err(error) => differences.push(format!("resource {id}: {error}")),
            }
        }
        Ok((compared, differences))
    }
}
