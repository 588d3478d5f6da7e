//! The payloads: one struct an event, grouped by the service that raises it.
//!
//! Wire names are camelCase. Optional fields are left out when they have no value; `null` is read as absent. A reader
//! ignores fields that it does not know, so fields may be added without a new schema version; none is ever renamed,
//! removed or given another meaning. Instants are RFC 3339 in UTC, ids are UUIDs, durations carry their unit in the name.

use std::collections::BTreeMap;
use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::service::Service;

mod auth;
mod availability;
pub(crate) mod example;
mod maintenance;
mod reports;
mod resource_values;
mod resources;
mod stockpile;
mod time_of_day;

pub use auth::*;
pub use availability::*;
pub use maintenance::*;
pub use reports::*;
pub use resource_values::*;
pub use resources::*;
pub use stockpile::*;

/// Wire names of fields and their values, for example `{"name": "Physics laboratory", "capacity": 24}`.
pub type Fields = BTreeMap<String, Value>;

/// Who acted when nobody did: the nil UUID stands in fields such as `rejectedBy` when a timer or a rule decided.
pub const SYSTEM: Uuid = Uuid::nil();

/// The payload of one event type.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Send + 'static {
    /// The event type on the wire: `resource.created`.
    const TYPE: &'static str;
    /// The kind of aggregate it happens to: `Resource`.
    const AGGREGATE: &'static str;
    /// The service that raises it.
    const PRODUCER: Service;

    /// A complete example, optional fields included.
    fn example() -> Self;

    /// The aggregate it happened to.
    fn aggregate_id(&self) -> Uuid;

    /// The kind of aggregate of this very event: [`AGGREGATE`](Self::AGGREGATE), save for the events that may
    /// happen to one of two kinds.
    fn aggregate_type(&self) -> &'static str {
        Self::AGGREGATE
    }
}

/// Implements [`Event`]: `Payload = "type", Aggregate by field, Producer, example`.
macro_rules! event {
    ($Payload:ident = $type:literal, $Aggregate:ident by $id:ident, $Producer:ident, { $($field:ident: $value:expr),* $(,)? }) => {
        impl $crate::events::Event for $Payload {
            const TYPE: &'static str = $type;
            const AGGREGATE: &'static str = stringify!($Aggregate);
            const PRODUCER: $crate::service::Service = $crate::service::Service::$Producer;

            fn example() -> Self {
                Self { $($field: $value),* }
            }

            fn aggregate_id(&self) -> uuid::Uuid {
                self.$id
            }
        }
    };
}
use event;

#[cfg(test)]
mod tests;
