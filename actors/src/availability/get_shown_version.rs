//! How far availability has followed a resource.

use uuid::Uuid;

use super::error::Error;
use super::{Availability, profile};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The version of the resource that availability shows, deleted or not; `None` while it does not know it.
#[derive(Debug, Clone, Copy)]
pub struct GetShownVersion(pub Uuid);

impl Query for GetShownVersion {
    type Service = Availability;
    type Answer = Option<i64>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Option<i64>, Error> {
        Ok(profile::find(connection, self.0)?.map(|profile| profile.version))
    }
}
