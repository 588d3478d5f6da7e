//! What happens to resources, their rules and their categories.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{AvailabilityRules, Fields, Location, ResourceStatus, ResourceType, WeeklySchedule, event, example};

/// A resource can be reserved from now on: it was created, or came in with an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCreated {
    /// The new resource.
    pub resource_id: Uuid,
    /// The code people know it by, unique on the campus: `LAB-204`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What kind of resource it is.
    #[serde(rename = "type")]
    pub resource_type: ResourceType,
    /// Its category; absent when it was created without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_id: Option<Uuid>,
    /// The academic programs it serves; empty when it serves all.
    #[serde(default)]
    pub program_ids: Vec<Uuid>,
    /// How many people it holds; absent when that has no meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Its opening hours; when absent, those of the campus: Monday to Saturday, 06:00 to 22:00.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_schedule: Option<WeeklySchedule>,
    /// Its status at the start; when absent, `AVAILABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResourceStatus>,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Anything else that is known about it, such as its features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Fields>,
    /// Who created it.
    pub created_by: Uuid,
}

event!(ResourceCreated = "resource.created", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    code: "LAB-204".to_owned(),
    name: "Physics laboratory".to_owned(),
    resource_type: ResourceType::Laboratory,
    category_id: Some(example::CATEGORY),
    program_ids: vec![example::PROGRAM],
    capacity: Some(24),
    location: Some(Location {
        building: "Science".to_owned(),
        floor: Some("2".to_owned()),
        room: Some("204".to_owned()),
    }),
    default_schedule: Some(WeeklySchedule::default()),
    status: Some(ResourceStatus::Available),
    description: Some("Twelve benches with power and gas".to_owned()),
    attributes: Some(example::fields([("projector", json!(true)), ("benches", json!(12))])),
    created_by: example::STAFF,
});

/// Somebody edited a resource. Status, category and rules have events of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUpdated {
    /// The edited resource.
    pub resource_id: Uuid,
    /// The fields that changed, by their wire names in `resource.created`, with their new values; `null` when cleared.
    pub changes: Fields,
    /// The values of the same fields before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_values: Option<Fields>,
    /// Who edited it.
    pub updated_by: Uuid,
}

event!(ResourceUpdated = "resource.updated", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    changes: example::fields([("capacity", json!(30)), ("name", json!("Optics laboratory"))]),
    previous_values: Some(example::fields([("capacity", json!(24)), ("name", json!("Physics laboratory"))])),
    updated_by: example::STAFF,
});

/// A resource was deleted. It takes no reservations any more, and its future ones are cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDeleted {
    /// The deleted resource.
    pub resource_id: Uuid,
    /// The name it had.
    pub name: String,
    /// The status it had.
    pub previous_status: ResourceStatus,
    /// Always `UNAVAILABLE`.
    pub new_status: ResourceStatus,
    /// Why it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who deleted it; the same as `deletedBy`.
    pub updated_by: Uuid,
    /// Who deleted it.
    pub deleted_by: Uuid,
    /// Whether it can be restored.
    pub soft_delete: bool,
}

event!(ResourceDeleted = "resource.deleted", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    name: "Physics laboratory".to_owned(),
    previous_status: ResourceStatus::Available,
    new_status: ResourceStatus::Unavailable,
    reason: Some("The building is being torn down".to_owned()),
    updated_by: example::STAFF,
    deleted_by: example::STAFF,
    soft_delete: true,
});

/// A resource has another status: somebody changed it, maintenance started or ended, or a user checked in or out.
///
/// A resource that is `MAINTENANCE` or `UNAVAILABLE` accepts no new reservations; live ones that overlap the closure are
/// flagged by `schedule.conflict.detected`, and those already running are left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatusChanged {
    /// The resource.
    pub resource_id: Uuid,
    /// The status it had.
    pub previous_status: ResourceStatus,
    /// The status it has now.
    pub new_status: ResourceStatus,
    /// Why it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who changed it; the nil UUID when it was not a person.
    pub updated_by: Uuid,
}

event!(ResourceStatusChanged = "resource.status.changed", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    previous_status: ResourceStatus::Available,
    new_status: ResourceStatus::Maintenance,
    reason: Some("Gas leak".to_owned()),
    updated_by: example::STAFF,
});

/// A resource belongs to another category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCategoryChanged {
    /// The resource.
    pub resource_id: Uuid,
    /// The category it had; absent when it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_category_id: Option<Uuid>,
    /// The category it has now; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_category_id: Option<Uuid>,
    /// Who changed it.
    pub updated_by: Uuid,
    /// Why it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

event!(ResourceCategoryChanged = "resource.category.changed", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    previous_category_id: Some(example::CATEGORY),
    new_category_id: Some(example::OTHER_CATEGORY),
    updated_by: example::STAFF,
    reason: Some("Now a shared laboratory".to_owned()),
});

/// A span of time, half open: it includes its start and not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimeSlot {
    /// The first instant inside.
    pub start_time: DateTime<Utc>,
    /// The first instant outside again.
    pub end_time: DateTime<Utc>,
}

/// When a resource can be reserved changed: it was made bookable or not bookable, or its opening hours changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAvailabilityChanged {
    /// The resource.
    pub resource_id: Uuid,
    /// Whether it could be reserved before.
    pub previous_availability: bool,
    /// Whether it can be reserved now; the same as before when only the opening hours changed.
    pub new_availability: bool,
    /// Why it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The times that are no longer open; absent when no particular times are affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affected_time_slots: Option<Vec<TimeSlot>>,
    /// Who changed it.
    pub updated_by: Uuid,
}

event!(ResourceAvailabilityChanged = "resource.availability.changed", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    previous_availability: true,
    new_availability: false,
    reason: Some("Reserved for the entrance examination".to_owned()),
    affected_time_slots: Some(vec![TimeSlot { start_time: example::at("11:00"), end_time: example::at("23:00") }]),
    updated_by: example::STAFF,
});

/// The rules for reserving a resource changed. They hold for requests from now on, not for reservations already made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityRulesUpdated {
    /// The resource.
    pub resource_id: Uuid,
    /// All its rules as they are now.
    pub rules: AvailabilityRules,
    /// Who changed them.
    pub updated_by: Uuid,
    /// Why they changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

event!(AvailabilityRulesUpdated = "availability.rules.updated", Resource by resource_id, Resources, {
    resource_id: example::RESOURCE,
    rules: AvailabilityRules { requires_approval: true, ..AvailabilityRules::default() },
    updated_by: example::STAFF,
    reason: Some("Experiments need supervision".to_owned()),
});

/// A category of resources exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCreated {
    /// The new category.
    pub category_id: Uuid,
    /// Its name.
    pub name: String,
    /// What belongs into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The category it is part of; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_category_id: Option<Uuid>,
    /// Who created it.
    pub created_by: Uuid,
}

event!(CategoryCreated = "category.created", Category by category_id, Resources, {
    category_id: example::OTHER_CATEGORY,
    name: "Shared laboratories".to_owned(),
    description: Some("Laboratories that several programs use".to_owned()),
    parent_category_id: Some(example::CATEGORY),
    created_by: example::STAFF,
});

/// Somebody edited a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryUpdated {
    /// The edited category.
    pub category_id: Uuid,
    /// The fields that changed, by their wire names in `category.created`, with their new values; `null` when cleared.
    pub changes: Fields,
    /// The values of the same fields before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_values: Option<Fields>,
    /// Who edited it.
    pub updated_by: Uuid,
}

event!(CategoryUpdated = "category.updated", Category by category_id, Resources, {
    category_id: example::OTHER_CATEGORY,
    changes: example::fields([("name", json!("Laboratories in common"))]),
    previous_values: Some(example::fields([("name", json!("Shared laboratories"))])),
    updated_by: example::STAFF,
});
