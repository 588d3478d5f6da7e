//! What availability knows of a resource: a projection of the resources service's events.

use amqp::events::{AvailabilityRules, CustomRules, ResourceCreated, ResourceStatus, ResourceType, WeeklySchedule};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::database::sql_types::{Document, Id, Json};
use crate::database::{self, DatabaseConnection, Transaction, bulk_rows, each_engine};

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    availability_profiles (resource_id) {
        resource_id -> SqlId,
        version -> BigInt,
        code -> Text,
        name -> Text,
        #[sql_name = "type"]
        resource_type -> Text,
        capacity -> Nullable<Integer>,
        category_id -> Nullable<SqlId>,
        building -> Nullable<Text>,
        features -> SqlJson,
        status -> Text,
        rules -> SqlJson,
        opening -> SqlJson,
        deleted -> Bool,
    }
}

/// The longest time that is kept free behind a reservation. Our own rules allow less; another program's might not.
pub(super) const LARGEST_BUFFER: TimeDelta = TimeDelta::days(1);

/// A resource as far as reserving it is concerned.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The resource.
    pub resource_id: Uuid,
    /// The resource's version that this shows.
    pub version: i64,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub resource_type: ResourceType,
    /// How many people it takes.
    pub capacity: Option<u32>,
    /// Its category.
    pub category_id: Option<Uuid>,
    /// The building it is in.
    pub building: Option<String>,
    /// Its further properties.
    pub features: Value,
    /// Whether it can be used.
    pub status: ResourceStatus,
    /// What reservations must keep to.
    pub rules: AvailabilityRules,
    /// When it is open.
    pub opening: WeeklySchedule,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Profile {
    /// The profile of a resource of which only its creation is known.
    pub(super) fn created(event: ResourceCreated, version: i64) -> Self {
        Self {
            resource_id: event.resource_id,
            version,
            code: event.code,
            name: event.name,
            resource_type: event.resource_type,
            capacity: event.capacity,
            category_id: event.category_id,
            building: event.location.map(|location| location.building),
            features: event.attributes.unwrap_or_default().into_iter().collect::<Value>(),
            status: event.status.unwrap_or(ResourceStatus::Available),
            rules: AvailabilityRules::default(),
            opening: event.default_schedule.unwrap_or_default(),
            deleted: false,
        }
    }

    /// The special rules, or their defaults.
    pub fn custom_rules(&self) -> CustomRules {
        self.rules.custom_rules.clone().unwrap_or_default()
    }

    /// The time kept free behind each reservation, at most [`LARGEST_BUFFER`]. The column `buffer_minutes` is the same.
    pub fn buffer(&self) -> TimeDelta {
        TimeDelta::minutes(self.custom_rules().buffer_minutes.into()).min(LARGEST_BUFFER)
    }

    /// How many reservations it takes at once. The column `units` is the same.
    pub fn units(&self) -> i32 {
        i32::try_from(self.custom_rules().max_concurrent_bookings).unwrap_or(i32::MAX).max(1)
    }

    /// How long before the start a cancellation is free.
    pub fn cancellation_deadline(&self) -> TimeDelta {
        TimeDelta::hours(self.custom_rules().cancellation_deadline_hours.into())
    }
}

/// The types of a [`Row`]'s columns, in their order.
pub(super) type Columns = availability_profiles::SqlType;

/// A profile as it is stored.
#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = availability_profiles, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    resource_id: Id,
    version: i64,
    code: String,
    name: String,
    resource_type: String,
    capacity: Option<i32>,
    category_id: Option<Id>,
    building: Option<String>,
    features: Json,
    status: String,
    rules: Document<AvailabilityRules>,
    opening: Document<WeeklySchedule>,
    deleted: bool,
}

pub(super) fn word<T: Serialize>(value: &T) -> String {
    document(value).as_str().map(str::to_owned).unwrap_or_default()
}

fn document<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn read<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, database::Error> {
    serde_json::from_value(value).map_err(|error| database::Error::Damaged(format!("{what} of a profile: {error}")))
}

impl Row {
    fn of(profile: &Profile) -> Self {
        Self {
            resource_id: Id(profile.resource_id),
            version: profile.version,
            code: profile.code.clone(),
            name: profile.name.clone(),
            resource_type: word(&profile.resource_type),
            capacity: profile.capacity.and_then(|people| i32::try_from(people).ok()),
            category_id: profile.category_id.map(Id),
            building: profile.building.clone(),
            features: Json(profile.features.clone()),
            status: word(&profile.status),
            rules: Document(profile.rules.clone()),
            opening: Document(profile.opening.clone()),
            deleted: profile.deleted,
        }
    }

    pub fn profile(self) -> Result<Profile, database::Error> {
        Ok(Profile {
            resource_id: self.resource_id.0,
            version: self.version,
            code: self.code,
            name: self.name,
            resource_type: read("type", Value::String(self.resource_type))?,
            capacity: self.capacity.and_then(|people| u32::try_from(people).ok()),
            category_id: self.category_id.map(Uuid::from),
            building: self.building,
            features: self.features.0,
            status: read("status", Value::String(self.status))?,
            rules: self.rules.0,
            opening: self.opening.0,
            deleted: self.deleted,
        })
    }
}

/// The profile of a resource, deleted ones included.
pub(super) fn find(connection: &mut DatabaseConnection, resource_id: Uuid) -> Result<Option<Profile>, database::Error> {
    let row: Option<Row> = each_engine!(connection, connection => {
        availability_profiles::table.find(Id(resource_id)).get_result(connection).optional()
    })?;
    row.map(Row::profile).transpose()
}

/// The profile of a resource that exists.
pub(super) fn existing(connection: &mut DatabaseConnection, resource_id: Uuid) -> Result<Profile, super::Error> {
    find(connection, resource_id)?.filter(|profile| !profile.deleted).ok_or(super::Error::ResourceNotFound)
}

/// Every profile that is not deleted, by code.
pub(super) fn all(connection: &mut DatabaseConnection) -> Result<Vec<Profile>, database::Error> {
    let rows = availability_profiles::table
        .filter(availability_profiles::deleted.eq(false))
        .order(availability_profiles::code)
        .load::<Row>(connection)?;
    rows.into_iter().map(Row::profile).collect()
}

pub(super) fn insert(transaction: &mut Transaction<'_>, profile: &Profile) -> Result<(), database::Error> {
    diesel::insert_into(availability_profiles::table).values(Row::of(profile)).execute(transaction.connection())?;
    Ok(())
}

/// Inserts very many profiles.
pub(super) fn insert_bulk(transaction: &mut Transaction<'_>, profiles: &[Profile]) -> Result<(), database::Error> {
    let rows: Vec<Row> = profiles.iter().map(Row::of).collect();
    bulk_rows!(transaction, availability_profiles::table, &rows)
}

/// Locks the resource and changes its profile, unless the profile shows a later version already.
pub(super) fn update(
    transaction: &mut Transaction<'_>,
    resource_id: Uuid,
    version: i64,
    change: impl FnOnce(&mut Profile),
) -> Result<Option<Profile>, crate::wiring::HandlingError> {
    database::lock(transaction, &[resource_id])?;
    let Some(mut profile) = find(transaction.connection(), resource_id)? else {
        let reason = format!("the creation of resource {resource_id} has not arrived yet");
        return Err(crate::wiring::HandlingError::Refused(reason));
    };
    if profile.version >= version {
        return Ok(None);
    }
    change(&mut profile);
    profile.version = version;
    diesel::update(availability_profiles::table.find(Id(resource_id)))
        .set(Row::of(&profile))
        .execute(transaction.connection())
        .map_err(database::Error::from)?;
    Ok(Some(profile))
}
