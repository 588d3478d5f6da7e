//! Listing and searching resources.

use amqp::events::{ResourceStatus, ResourceType};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{Row, resources, word};
use super::{Error, Resource, Resources};
use crate::database::sql_types::Id;
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// Which resources to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ResourceFilter {
    /// Only this kind.
    pub resource_type: Option<ResourceType>,
    /// Only this status.
    pub status: Option<ResourceStatus>,
    /// Only this category.
    pub category_id: Option<Uuid>,
    /// Only in this building.
    pub building: Option<String>,
    /// Only those that take at least so many people.
    pub capacity: Option<u32>,
    /// Only those whose code or name holds this text, in any case.
    pub search: Option<String>,
}

/// Lists resources by code.
#[derive(Debug, Clone, Serialize)]
pub struct ListResources {
    /// Which ones.
    pub filter: ResourceFilter,
    /// Only those behind this code: the last one of the page before.
    pub after: Option<String>,
    /// At most this many.
    pub limit: i64,
}

/// A page of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourcePage {
    /// The resources, by code.
    pub items: Vec<Resource>,
    /// The code to go on behind; `None` when this is the last page.
    pub next: Option<String>,
}

impl Query for ListResources {
    type Service = Resources;
    type Answer = ResourcePage;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<ResourcePage, Error> {
        let mut query = resources::table
            .filter(resources::deleted_at.is_null())
            .order(resources::code)
            .limit(self.limit + 1)
            .into_boxed();
        let filter = self.filter;
        if let Some(after) = self.after {
            query = query.filter(resources::code.gt(after));
        }
        if let Some(resource_type) = filter.resource_type {
            query = query.filter(resources::resource_type.eq(word(&resource_type)));
        }
        if let Some(status) = filter.status {
            query = query.filter(resources::status.eq(word(&status)));
        }
        if let Some(category_id) = filter.category_id {
            query = query.filter(resources::category_id.eq(Id(category_id)));
        }
        if let Some(building) = filter.building {
            query = query.filter(resources::building.eq(building));
        }
        if let Some(capacity) = filter.capacity {
            query = query.filter(resources::capacity.ge(i32::try_from(capacity).unwrap_or(i32::MAX)));
        }
        if let Some(search) = filter.search {
            query = query.filter(resources::search_text.like(contains(&search)).escape('\\'));
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

fn page(rows: Vec<Row>, limit: i64) -> Result<ResourcePage, Error> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > limit;
    let items = rows.into_iter().take(limit).map(Row::resource).collect::<Result<Vec<_>, _>>()?;
    let next = if more { items.last().map(|resource| resource.code.clone()) } else { None };
    Ok(ResourcePage { items, next })
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn wildcards_are_searched_for_as_they_are() {
        assert_eq!(contains("Lab_2%"), "%lab\\_2\\%%");
    }
}
