//! Finding resources by their codes.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::store::{Row, resources};
use super::{Error, Resource, Resources};
use crate::database::{self, DatabaseConnection, each_engine};
use crate::service::{Context, Query};

/// The resources with these codes, as far as they exist.
#[derive(Debug, Clone)]
pub struct FindByCode(pub Vec<String>);

impl Query for FindByCode {
    type Service = Resources;
    type Answer = BTreeMap<String, Resource>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Self::Answer, Error> {
        let mut found = BTreeMap::new();
        for codes in self.0.chunks(1_000) {
            let rows: Vec<Row> = each_engine!(connection, connection => {
                resources::table
                    .filter(resources::code.eq_any(codes))
                    .filter(resources::deleted_at.is_null())
                    .load(connection)
            })
            .map_err(database::Error::from)?;
            for row in rows {
                let resource = row.resource()?;
                found.insert(resource.code.clone(), resource);
            }
        }
        Ok(found)
    }
}
