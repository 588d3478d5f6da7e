//! Rows of resources: load, lock, save.

use amqp::events::{ResourceStatus, ResourceType};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{Error, Resource};
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{self, DatabaseConnection, Transaction, bulk_rows};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    resources (id) {
        id -> SqlId,
        code -> Text,
        name -> Text,
        #[sql_name = "type"]
        resource_type -> Text,
        capacity -> Nullable<Integer>,
        category_id -> Nullable<SqlId>,
        program_ids -> SqlJson,
        location -> Nullable<SqlJson>,
        building -> Nullable<Text>,
        attributes -> SqlJson,
        description -> Nullable<Text>,
        status -> Text,
        rules -> SqlJson,
        version -> BigInt,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
        deleted_at -> Nullable<SqlInstant>,
        search_text -> Text,
    }
}

/// A row of the table `resources`.
#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = resources, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    id: Id,
    code: String,
    name: String,
    resource_type: String,
    capacity: Option<i32>,
    category_id: Option<Id>,
    program_ids: Json,
    location: Option<Json>,
    building: Option<String>,
    attributes: Json,
    description: Option<String>,
    status: String,
    rules: Json,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
    search_text: String,
}

/// The stored text of a value that is a string in JSON.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn document<T: Serialize>(value: &T) -> Json {
    Json(serde_json::to_value(value).unwrap_or(Value::Null))
}

fn read<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, database::Error> {
    serde_json::from_value(value).map_err(|error| database::Error::Damaged(format!("{what} of a resource: {error}")))
}

impl Row {
    fn of(resource: &Resource) -> Self {
        Self {
            id: Id(resource.id),
            code: resource.code.clone(),
            name: resource.name.clone(),
            resource_type: word(&resource.resource_type),
            capacity: resource.capacity.and_then(|people| i32::try_from(people).ok()),
            category_id: resource.category_id.map(Id),
            program_ids: document(&resource.program_ids),
            location: resource.location.as_ref().map(document),
            building: resource.location.as_ref().map(|location| location.building.clone()),
            attributes: document(&resource.attributes),
            description: resource.description.clone(),
            status: word(&resource.status),
            rules: document(&resource.rules),
            version: resource.version,
            created_at: Instant(resource.created_at),
            updated_at: Instant(resource.updated_at),
            deleted_at: resource.deleted_at.map(Instant),
            search_text: format!("{} {}", resource.code, resource.name).to_lowercase(),
        }
    }

    pub(super) fn resource(self) -> Result<Resource, database::Error> {
        let resource_type: ResourceType = read("type", Value::String(self.resource_type))?;
        let status: ResourceStatus = read("status", Value::String(self.status))?;
        Ok(Resource {
            id: self.id.0,
            code: self.code,
            name: self.name,
            resource_type,
            capacity: self.capacity.and_then(|people| u32::try_from(people).ok()),
            category_id: self.category_id.map(Uuid::from),
            program_ids: read("programs", self.program_ids.0)?,
            location: self.location.map(|location| read("location", location.0)).transpose()?,
            attributes: read("attributes", self.attributes.0)?,
            description: self.description,
            status,
            rules: read("rules", self.rules.0)?,
            version: self.version,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

/// The resource with this id, deleted ones included.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<Resource, Error> {
    let row = resources::table.find(Id(id)).get_result::<Row>(connection).optional().map_err(database::Error::from)?;
    Ok(row.ok_or(Error::NotFound)?.resource()?)
}

/// Locks the resource and reads it; a deleted one is not found, and one of another version than the caller saw is stale.
pub(super) fn load(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    expected_version: Option<i64>,
) -> Result<Resource, Error> {
    database::lock(transaction, &[id])?;
    let resource = find(transaction.connection(), id)?;
    if resource.deleted_at.is_some() {
        return Err(Error::NotFound);
    }
    match expected_version {
        Some(expected) if expected != resource.version => Err(Error::VersionStale { current: resource.version }),
        _ => Ok(resource),
    }
}

/// Inserts a new resource.
pub(super) fn insert(transaction: &mut Transaction<'_>, resource: &Resource) -> Result<(), Error> {
    let inserted = diesel::insert_into(resources::table).values(Row::of(resource)).execute(transaction.connection());
    written(inserted, resource)
}

/// Inserts very many new resources: for an installation that is filled.
///
/// # Errors
/// When a statement fails.
pub(crate) fn insert_bulk(transaction: &mut Transaction<'_>, new: &[Resource]) -> Result<(), database::Error> {
    let rows: Vec<Row> = new.iter().map(Row::of).collect();
    bulk_rows!(transaction, resources::table, &rows)
}

/// Saves a changed resource.
pub(super) fn save(transaction: &mut Transaction<'_>, resource: &Resource) -> Result<(), Error> {
    let updated =
        diesel::update(resources::table.find(Id(resource.id))).set(Row::of(resource)).execute(transaction.connection());
    written(updated, resource)
}

fn written(result: QueryResult<usize>, resource: &Resource) -> Result<(), Error> {
    match result.map_err(database::Error::from) {
        Ok(_) => Ok(()),
        Err(error) if error.constraint() == Some("resources_code_key") => Err(Error::CodeTaken(resource.code.clone())),
        Err(error) => Err(error.into()),
    }
}
