//! What happens to the maintenance of resources.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{event, example};

/// How urgent maintenance is. Reservations in its way are cancelled when it is high or critical, otherwise flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaintenancePriority {
    /// It can wait.
    Low,
    /// Routine.
    Medium,
    /// It takes precedence over reservations.
    High,
    /// The resource is unsafe or unusable.
    Critical,
}

/// Maintenance of a resource was planned, or follows from a check-out with damage. Its time is blocked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceScheduled {
    /// The maintenance.
    pub maintenance_id: Uuid,
    /// The resource to be maintained.
    pub resource_id: Uuid,
    /// That resource's name.
    pub resource_name: String,
    /// When it is to start.
    pub scheduled_start_date: DateTime<Utc>,
    /// When it is to end.
    pub scheduled_end_date: DateTime<Utc>,
    /// What is to be done.
    pub description: String,
    /// How urgent it is.
    pub priority: MaintenancePriority,
    /// Who planned it; the nil UUID when a check-out with damage did.
    pub scheduled_by: Uuid,
}

event!(MaintenanceScheduled = "maintenance.scheduled", Maintenance by maintenance_id, Resources, {
    maintenance_id: example::MAINTENANCE,
    resource_id: example::RESOURCE,
    resource_name: "Physics laboratory".to_owned(),
    scheduled_start_date: example::at("13:00"),
    scheduled_end_date: example::at("17:00"),
    description: "Replace the gas valves".to_owned(),
    priority: MaintenancePriority::High,
    scheduled_by: example::STAFF,
});

/// Maintenance is over. What is left of its blocked time is free again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceCompleted {
    /// The maintenance.
    pub maintenance_id: Uuid,
    /// The maintained resource.
    pub resource_id: Uuid,
    /// That resource's name.
    pub resource_name: String,
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
    /// What was done or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Whether the resource can be used again.
    pub was_successful: bool,
    /// Who completed it.
    pub completed_by: Uuid,
}

event!(MaintenanceCompleted = "maintenance.completed", Maintenance by maintenance_id, Resources, {
    maintenance_id: example::MAINTENANCE,
    resource_id: example::RESOURCE,
    resource_name: "Physics laboratory".to_owned(),
    completed_at: example::at("16:20"),
    notes: Some("All valves replaced and tested".to_owned()),
    was_successful: true,
    completed_by: example::STAFF,
});
