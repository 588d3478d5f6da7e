//! Reading what an import did, or does.

use uuid::Uuid;

use super::{Error, ImportReport, Imports, store};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The report of the import with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetImport(pub Uuid);

impl Query for GetImport {
    type Service = Imports;
    type Answer = ImportReport;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<ImportReport, Error> {
        store::find(connection, self.0)
    }
}
