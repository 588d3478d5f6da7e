//! Which resources are free at a time.

use amqp::events::ResourceType;
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Availability;
use super::error::Error;
use super::get_availability::check_span;
use super::occupancy::held_units;
use super::profile::{self, Profile, Sought};
use super::rules::Request;
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The longest span that can be searched for.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// How many profiles are read at a time: the smallest that suffice come first, and usually no more are needed.
const PART: usize = 100;

/// A resource that is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreeResource {
    /// Its identifier.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// How many people it takes.
    pub capacity: Option<u32>,
    /// The building it is in.
    pub building: Option<String>,
}

/// Searches resources that are free, and may be reserved, throughout a span: the smallest that suffice first.
#[derive(Debug, Clone)]
pub struct SearchFreeResources {
    /// From when.
    pub from: DateTime<Utc>,
    /// To when.
    pub to: DateTime<Utc>,
    /// Only those that take at least so many people.
    pub capacity: Option<u32>,
    /// Only this kind.
    pub resource_type: Option<ResourceType>,
    /// Only those whose attributes have all of these, as a true or non-empty value.
    pub features: Vec<String>,
    /// Only in this building.
    pub building: Option<String>,
    /// At most this many.
    pub limit: usize,
}

impl Query for SearchFreeResources {
    type Service = Availability;
    type Answer = Vec<FreeResource>;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<Vec<FreeResource>, Error> {
        let span = check_span(self.from, self.to, LONGEST)?;
        let held = held_units(connection, span)?;
        let (part, mut seen, mut found) = (PART.max(self.limit), 0, Vec::new());
        while found.len() < self.limit {
            let profiles = profile::sought(connection, &self.sought(), seen, part)?;
            let are_all = profiles.len() < part;
            seen += profiles.len();
            let free = profiles.into_iter().filter(|profile| {
                self.features.iter().all(|feature| has(&profile.features, feature))
                    && held.get(&profile.resource_id).is_none_or(|units| units.len() < units_of(profile))
                    && Request::of(profile, span, None, context).violations().is_empty()
            });
            found.extend(free.map(FreeResource::from));
            if are_all {
                break;
            }
        }
        found.truncate(self.limit);
        Ok(found)
    }
}

fn units_of(profile: &Profile) -> usize {
    usize::try_from(profile.units()).unwrap_or(1)
}

impl SearchFreeResources {
    /// What the database can look for.
    fn sought(&self) -> Sought<'_> {
        let Self { capacity, resource_type, building, .. } = self;
        Sought { capacity: *capacity, resource_type: *resource_type, building: building.as_deref() }
    }
}

fn has(features: &Value, feature: &str) -> bool {
    match features.get(feature) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    }
}

impl From<Profile> for FreeResource {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.resource_id,
            code: profile.code,
            name: profile.name,
            resource_type: profile.resource_type,
            capacity: profile.capacity,
            building: profile.building,
        }
    }
}
