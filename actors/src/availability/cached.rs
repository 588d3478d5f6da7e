//! What is cached of the availability service.

use amqp::events::ResourceStatus;
use serde_json::Value;

use crate::cache::Outdated;

/// What an event outdates in this service's cache, once its state shows the event; `None` when the service has nothing to
/// do with it.
pub(crate) fn outdated(_event_type: &str, _data: &Value) -> Option<Vec<Outdated>> {
    None
}

/// RF-05: whether the cached rules of a resource are dropped when it has a new status, or is deleted. A closed resource's
/// are; one that is open, or opens again, keeps them.
pub(crate) const fn drops_rules(new_status: ResourceStatus, deleted: bool) -> bool {
    deleted || new_status.is_closed()
}
