//! What availability knows of the resources.

use super::Availability;
use super::error::Error;
use super::profile::{self, Profile};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// Every profile of a resource that exists, by code.
#[derive(Debug, Clone, Copy)]
pub struct ListProfiles;

impl Query for ListProfiles {
    type Service = Availability;
    type Answer = Vec<Profile>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Vec<Profile>, Error> {
        Ok(profile::all(connection)?)
    }
}
