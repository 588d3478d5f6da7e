//! A resource: its state, what may be decided about it, and how events change it.

use std::collections::BTreeMap;

use amqp::events::{
    AvailabilityRules, AvailabilityRulesUpdated, Fields, Location, ResourceCategoryChanged, ResourceCreated,
    ResourceDeleted, ResourceStatus, ResourceStatusChanged, ResourceType, ResourceUpdated,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::event_store::{Aggregate, aggregate_events};
use crate::violation::{Violation, check_text};

/// Something that can be reserved: a room, a laboratory, a piece of equipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Its identifier.
    pub id: Uuid,
    /// The short code that people know it by, unique among the resources that are not deleted: `SA401`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// How many people it takes, when that can be said.
    pub capacity: Option<u32>,
    /// The category it is sorted into.
    pub category_id: Option<Uuid>,
    /// The programs that use it.
    pub program_ids: Vec<Uuid>,
    /// Where it is.
    pub location: Option<Location>,
    /// Further properties, such as `{"projector": true}`.
    pub attributes: Fields,
    /// More about it.
    pub description: Option<String>,
    /// Whether it can be used.
    pub status: ResourceStatus,
    /// What reservations must keep to.
    pub rules: AvailabilityRules,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
}

aggregate_events! {
    /// What can happen to a resource.
    pub enum ResourceEvent {
        /// It was created.
        Created(ResourceCreated),
        /// Its description changed.
        Updated(ResourceUpdated),
        /// It was deleted.
        Deleted(ResourceDeleted),
        /// Its status changed.
        StatusChanged(ResourceStatusChanged),
        /// It was sorted into another category.
        CategoryChanged(ResourceCategoryChanged),
        /// Its rules changed.
        RulesUpdated(AvailabilityRulesUpdated),
    }
}

impl Aggregate for Resource {
    type Event = ResourceEvent;

    fn version(&self) -> i64 {
        self.version
    }

    fn apply(state: Option<Self>, version: i64, at: DateTime<Utc>, event: &ResourceEvent) -> Result<Self, String> {
        let mut resource = match (state, event) {
            (None, ResourceEvent::Created(created)) => return Ok(Self::created(created, version, at)),
            (Some(resource), _) => resource,
            (None, _) => return Err("a resource begins with its creation".to_owned()),
        };
        match event {
            ResourceEvent::Created(_) => return Err("a resource is created once".to_owned()),
            ResourceEvent::Updated(updated) => resource.merge(&updated.changes)?,
            ResourceEvent::Deleted(deleted) => {
                resource.status = deleted.new_status;
                resource.deleted_at = Some(at);
            }
            ResourceEvent::StatusChanged(changed) => resource.status = changed.new_status,
            ResourceEvent::CategoryChanged(changed) => resource.category_id = changed.new_category_id,
            ResourceEvent::RulesUpdated(updated) => resource.rules = updated.rules.clone(),
        }
        resource.version = version;
        resource.updated_at = at;
        Ok(resource)
    }
}

/// What a new resource is to be.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewResource {
    /// The short code, 1 to 40 characters, unique.
    pub code: String,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// How many people it takes.
    pub capacity: Option<u32>,
    /// The category it is sorted into.
    pub category_id: Option<Uuid>,
    /// The programs that use it.
    #[serde(default)]
    pub program_ids: Vec<Uuid>,
    /// Where it is.
    pub location: Option<Location>,
    /// Further properties.
    #[serde(default)]
    pub attributes: Fields,
    /// More about it, at most 2,000 characters.
    pub description: Option<String>,
}

/// Changes to a resource: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceChanges {
    /// A new code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new kind.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ResourceType>,
    /// A new capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Other programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_ids: Option<Vec<Uuid>>,
    /// A new location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Other properties, in place of all that there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Fields>,
    /// A new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The event that creates a resource.
pub fn create(id: Uuid, new: NewResource, by: Uuid) -> Result<ResourceCreated, Vec<Violation>> {
    let mut violations = Vec::new();
    check_text(&mut violations, "code", &new.code, 1..=40);
    check_text(&mut violations, "name", &new.name, 1..=200);
    check_rest(&mut violations, new.capacity, new.description.as_deref(), Some(&new.attributes));
    if !violations.is_empty() {
        return Err(violations);
    }
    Ok(ResourceCreated {
        resource_id: id,
        code: new.code.trim().to_owned(),
        name: new.name.trim().to_owned(),
        resource_type: new.resource_type,
        category_id: new.category_id,
        program_ids: new.program_ids,
        capacity: new.capacity,
        location: new.location,
        default_schedule: None,
        status: Some(ResourceStatus::Available),
        description: new.description,
        attributes: Some(new.attributes),
        created_by: by,
    })
}

fn check_rest(
    violations: &mut Vec<Violation>,
    capacity: Option<u32>,
    description: Option<&str>,
    attributes: Option<&Fields>,
) {
    const MOST_PEOPLE: u32 = 100_000;
    const MOST_ATTRIBUTES: usize = 100;
    if capacity.is_some_and(|people| people == 0 || people > MOST_PEOPLE) {
        violations.push(Violation::field(
            "field.range",
            "capacity",
            "capacity must be 1 to 100000; leave it out if unknown",
        ));
    }
    if let Some(text) = description {
        check_text(violations, "description", text, 0..=2_000);
    }
    if attributes.is_some_and(|attributes| attributes.len() > MOST_ATTRIBUTES) {
        violations.push(Violation::field("field.length", "attributes", "at most 100 attributes"));
    }
}

impl Resource {
    fn created(event: &ResourceCreated, version: i64, at: DateTime<Utc>) -> Self {
        Self {
            id: event.resource_id,
            code: event.code.clone(),
            name: event.name.clone(),
            resource_type: event.resource_type,
            capacity: event.capacity,
            category_id: event.category_id,
            program_ids: event.program_ids.clone(),
            location: event.location.clone(),
            attributes: event.attributes.clone().unwrap_or_default(),
            description: event.description.clone(),
            status: event.status.unwrap_or(ResourceStatus::Available),
            rules: AvailabilityRules::default(),
            version,
            created_at: at,
            updated_at: at,
            deleted_at: None,
        }
    }

    /// The event for an edit; `None` when it changes nothing.
    pub fn edit(&self, changes: &ResourceChanges, by: Uuid) -> Result<Option<ResourceUpdated>, Vec<Violation>> {
        let mut violations = Vec::new();
        if let Some(code) = &changes.code {
            check_text(&mut violations, "code", code, 1..=40);
        }
        if let Some(name) = &changes.name {
            check_text(&mut violations, "name", name, 1..=200);
        }
        check_rest(&mut violations, changes.capacity, changes.description.as_deref(), changes.attributes.as_ref());
        if !violations.is_empty() {
            return Err(violations);
        }
        let before = fields(self);
        let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
        let (code, name) = (trimmed(&changes.code), trimmed(&changes.name));
        let mut changed = fields(&ResourceChanges { code, name, ..changes.clone() });
        changed.retain(|field, value| before.get(field) != Some(value));
        if changed.is_empty() {
            return Ok(None);
        }
        let previous = changed.keys().map(|k| (k.clone(), before.get(k).cloned().unwrap_or_default())).collect();
        Ok(Some(ResourceUpdated {
            resource_id: self.id,
            changes: changed,
            previous_values: Some(previous),
            updated_by: by,
        }))
    }

    /// The event for a change of status; `None` when the status is already that.
    pub fn change_status(&self, to: ResourceStatus, reason: Option<String>, by: Uuid) -> Option<ResourceStatusChanged> {
        (self.status != to).then_some(ResourceStatusChanged {
            resource_id: self.id,
            previous_status: self.status,
            new_status: to,
            reason,
            updated_by: by,
        })
    }

    /// The event for a move into another category; `None` when it is there already.
    pub fn change_category(
        &self,
        to: Option<Uuid>,
        reason: Option<String>,
        by: Uuid,
    ) -> Option<ResourceCategoryChanged> {
        (self.category_id != to).then_some(ResourceCategoryChanged {
            resource_id: self.id,
            previous_category_id: self.category_id,
            new_category_id: to,
            updated_by: by,
            reason,
        })
    }

    /// The event for new rules; `None` when they are the old ones.
    pub fn set_rules(
        &self,
        rules: AvailabilityRules,
        reason: Option<String>,
        by: Uuid,
    ) -> Result<Option<AvailabilityRulesUpdated>, Vec<Violation>> {
        let violations = check_rules(&rules);
        if !violations.is_empty() {
            return Err(violations);
        }
        Ok((self.rules != rules).then_some(AvailabilityRulesUpdated {
            resource_id: self.id,
            rules,
            updated_by: by,
            reason,
        }))
    }

    /// The event for the deletion.
    pub fn delete(&self, reason: Option<String>, by: Uuid) -> ResourceDeleted {
        ResourceDeleted {
            resource_id: self.id,
            name: self.name.clone(),
            previous_status: self.status,
            new_status: ResourceStatus::Unavailable,
            reason,
            updated_by: by,
            deleted_by: by,
            soft_delete: true,
        }
    }

    fn merge(&mut self, changes: &Fields) -> Result<(), String> {
        let changes: Value = changes.clone().into_iter().collect();
        let changes: ResourceChanges = serde_json::from_value(changes).map_err(|error| error.to_string())?;
        let ResourceChanges { code, name, resource_type, capacity, program_ids, location, attributes, description } =
            changes;
        code.into_iter().for_each(|code| self.code = code);
        name.into_iter().for_each(|name| self.name = name);
        resource_type.into_iter().for_each(|kind| self.resource_type = kind);
        program_ids.into_iter().for_each(|ids| self.program_ids = ids);
        attributes.into_iter().for_each(|attributes| self.attributes = attributes);
        self.capacity = capacity.or(self.capacity);
        self.location = location.or_else(|| self.location.take());
        self.description = description.or_else(|| self.description.take());
        Ok(())
    }
}

fn fields<T: Serialize>(of: &T) -> BTreeMap<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// What is wrong with a set of rules.
fn check_rules(rules: &AvailabilityRules) -> Vec<Violation> {
    const DAY_MINUTES: u32 = 24 * 60;
    let mut violations = Vec::new();
    let mut check = |right: bool, field: &str, message: &str| {
        if !right {
            violations.push(Violation::field("field.range", field, message));
        }
    };
    let (least, most) = (rules.min_booking_duration_minutes, rules.max_booking_duration_minutes);
    let custom = rules.custom_rules.clone().unwrap_or_default();
    check(least >= 1, "minBookingDurationMinutes", "must be at least 1");
    check(most >= least, "maxBookingDurationMinutes", "must not be less than minBookingDurationMinutes");
    let longest = most.saturating_add(custom.buffer_minutes);
    check(longest <= DAY_MINUTES, "maxBookingDurationMinutes", "with the buffer it must not exceed 1440 (a day)");
    check((1..=730).contains(&rules.max_advance_booking_days), "maxAdvanceBookingDays", "must be 1 to 730");
    let concurrent = custom.max_concurrent_bookings;
    check((1..=1_000).contains(&concurrent), "customRules.maxConcurrentBookings", "must be 1 to 1000");
    check(custom.cancellation_deadline_hours <= 720, "customRules.cancellationDeadlineHours", "must be at most 720");
    violations
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
