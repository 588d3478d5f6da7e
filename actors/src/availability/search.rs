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
use super::model::Slot;
use super::profile::Profile;
use super::rules::Request;
use super::sought::Sought;
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The longest span that can be searched for.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// Usually as many profiles are read as are wanted. Where rules refuse some, it is so many times more with each further question.
const GROWTH: usize = 4;

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
        let (mut part, mut seen, mut found) = (self.limit, 0, Vec::new());
        while found.len() < self.limit {
            let profiles = self.sought(span).look(connection, seen, part)?;
            let are_all = profiles.len() < part;
            seen += profiles.len();
            part *= GROWTH;
            let free = profiles.into_iter().filter(|profile| {
                self.features.iter().all(|feature| has(&profile.features, feature))
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

impl SearchFreeResources {
    /// What the database can look for.
    fn sought(&self, span: Slot) -> Sought<'_> {
        let Self { capacity, resource_type, building, features, .. } = self;
        let (building, reads_features) = (building.as_deref(), !features.is_empty());
        Sought { span, capacity: *capacity, resource_type: *resource_type, building, reads_features }
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
