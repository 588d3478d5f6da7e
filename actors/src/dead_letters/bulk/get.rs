//! Reading a bulk retry.

use diesel::prelude::*;
use uuid::Uuid;

use super::super::actor::DeadLetters;
use super::super::error::Error;
use super::super::schema::bulk_retries;
use super::store::{BulkRetry, Row};
use crate::database::DatabaseConnection;
use crate::database::sql_types::Id;
use crate::service::{Context, Query};

/// The bulk retry with this id: how far it is, or how it ended.
#[derive(Debug, Clone, Copy)]
pub struct GetBulkRetry(pub Uuid);

impl Query for GetBulkRetry {
    type Service = DeadLetters;
    type Answer = BulkRetry;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<BulkRetry, Error> {
        let row = bulk_retries::table.find(Id(self.0)).get_result::<Row>(connection).optional()?;
        Ok(row.ok_or(Error::BulkNotFound)?.bulk()?)
    }
}
