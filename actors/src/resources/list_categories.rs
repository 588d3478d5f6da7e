//! Listing categories.

use super::category::{self, Category};
use super::{Error, Resources};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// All categories, by name.
#[derive(Debug, Clone, Copy)]
pub struct ListCategories;

impl Query for ListCategories {
    type Service = Resources;
    type Answer = Vec<Category>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Vec<Category>, Error> {
        category::all(connection)
    }
}
