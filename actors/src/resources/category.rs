//! Categories: what resources are sorted into.

use amqp::events::{CategoryCreated, CategoryUpdated};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Error;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection, Transaction};
use crate::event_store::{Aggregate, aggregate_events};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    categories (id) {
        id -> SqlId,
        name -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<SqlId>,
        version -> BigInt,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
    }
}

/// A category of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Its identifier.
    pub id: Uuid,
    /// Its name, unique.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// The category above it.
    pub parent_category_id: Option<Uuid>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

aggregate_events! {
    /// What can happen to a category.
    pub enum CategoryEvent {
        /// It was created.
        Created(CategoryCreated),
        /// Its name or description changed.
        Updated(CategoryUpdated),
    }
}

impl Aggregate for Category {
    type Event = CategoryEvent;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &CategoryEvent) -> Result<Self, String> {
        match (state, event) {
            (None, CategoryEvent::Created(created)) => Ok(Self {
                id: created.category_id,
                name: created.name.clone(),
                description: created.description.clone(),
                parent_category_id: created.parent_category_id,
                version,
                created_at: at,
                updated_at: at,
            }),
            (Some(mut category), CategoryEvent::Updated(updated)) => {
                if let Some(Value::String(name)) = updated.changes.get("name") {
                    category.name.clone_from(name);
                }
                if let Some(description) = updated.changes.get("description") {
                    category.description = description.as_str().map(str::to_owned);
                }
                category.version = version;
                category.updated_at = at;
                Ok(category)
            }
            _ => Err("a category is created once, first of all".to_owned()),
        }
    }
}

type Row = (Id, String, Option<String>, Option<Id>, i64, Instant, Instant);

fn category((id, name, description, parent, version, created_at, updated_at): Row) -> Category {
    Category {
        id: id.0,
        name,
        description,
        parent_category_id: parent.map(Uuid::from),
        version,
        created_at: created_at.0,
        updated_at: updated_at.0,
    }
}

pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<Category, Error> {
    let row = categories::table.find(Id(id)).get_result::<Row>(connection).optional().map_err(database::Error::from)?;
    row.map(category).ok_or(Error::CategoryNotFound)
}

/// All categories by name; there are few.
pub(super) fn all(connection: &mut DatabaseConnection) -> Result<Vec<Category>, Error> {
    let rows = categories::table.order(categories::name).load::<Row>(connection).map_err(database::Error::from)?;
    Ok(rows.into_iter().map(category).collect())
}

pub(super) fn save(transaction: &mut Transaction<'_>, category: &Category) -> Result<(), Error> {
    let values = (
        categories::name.eq(&category.name),
        categories::description.eq(&category.description),
        categories::parent_id.eq(category.parent_category_id.map(Id)),
        categories::version.eq(category.version),
        categories::updated_at.eq(Instant(category.updated_at)),
    );
    let written = if category.version == 1 {
        let new = (categories::id.eq(Id(category.id)), categories::created_at.eq(Instant(category.created_at)));
        diesel::insert_into(categories::table).values((new, values)).execute(transaction.connection())
    } else {
        diesel::update(categories::table.find(Id(category.id))).set(values).execute(transaction.connection())
    };
    match written.map_err(database::Error::from) {
        Ok(_) => Ok(()),
        Err(error) if error.constraint() == Some("categories_name_key") => {
            Err(Error::CategoryNameTaken(category.name.clone()))
        }
        Err(error) => Err(error.into()),
    }
}
