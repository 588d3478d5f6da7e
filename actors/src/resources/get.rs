//! Reading one resource.

use uuid::Uuid;

use super::{Error, Resource, Resources, store};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The resource with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetResource(pub Uuid);

impl Query for GetResource {
    type Service = Resources;
    type Answer = Resource;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Resource, Error> {
        let resource = store::find(connection, self.0)?;
        if resource.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(resource) }
    }
}
