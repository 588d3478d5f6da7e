//! What is cached of the auth service.

use serde_json::Value;

use crate::cache::Outdated;

/// What an event outdates in this service's cache, once its state shows the event; `None` when the service has nothing to
/// do with it.
pub(crate) fn outdated(_event_type: &str, _data: &Value) -> Option<Vec<Outdated>> {
    None
}
