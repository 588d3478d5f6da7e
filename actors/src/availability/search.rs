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
use super::profile::{self, Outline, Profile};
use super::rules::Request;
use crate::database::DatabaseConnection;
use crate::database::sql_types::Id;
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
        let mut outlines = profile::outlines(connection)?;
        outlines.retain(|outline| self.may_suit(outline));
        outlines.sort_by(|a, b| (a.capacity, &a.code).cmp(&(b.capacity, &b.code)));
        let mut found = Vec::new();
        for part in outlines.chunks(PART.max(self.limit)) {
            let ids: Vec<Id> = part.iter().map(|outline| outline.resource_id).collect();
            let mut profiles = profile::some(connection, &ids)?;
            profiles.retain(|profile| {
                self.suits(profile)
                    && held.get(&profile.resource_id).is_none_or(|units| units.len() < units_of(profile))
                    && Request::of(profile, span, None, context).violations().is_empty()
            });
            profiles.sort_by(|a, b| (a.capacity, &a.code).cmp(&(b.capacity, &b.code)));
            found.extend(profiles.into_iter().map(FreeResource::from));
            if found.len() >= self.limit {
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
    /// Whether it is worth reading the whole profile.
    fn may_suit(&self, outline: &Outline) -> bool {
        let people = self.capacity.map(|people| i32::try_from(people).unwrap_or(i32::MAX));
        let enough = people.is_none_or(|people| outline.capacity.is_some_and(|capacity| capacity >= people));
        let kind = self.resource_type.is_none_or(|kind| profile::word(&kind) == outline.resource_type);
        enough && kind && (self.building.is_none() || outline.building == self.building)
    }

    fn suits(&self, profile: &Profile) -> bool {
        let enough = self.capacity.is_none_or(|people| profile.capacity.is_some_and(|capacity| capacity >= people));
        let kind = self.resource_type.is_none_or(|kind| profile.resource_type == kind);
        let building = self.building.is_none() || profile.building == self.building;
        enough && kind && building && self.features.iter().all(|feature| has(&profile.features, feature))
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
