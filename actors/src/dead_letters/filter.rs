//! Which dead letters are meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Reason, State};

/// Which dead letters are meant; every part that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DeadLetterFilter")]
pub struct LetterFilter {
    /// Only those in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Only those of this consumer: a service's name, `relay` or `unrouted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// Only events of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Only those that failed alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Only those parked for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Only events of this aggregate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_id: Option<Uuid>,
}

/// Narrows a boxed query down to what a filter means. A macro, because the type of a boxed query has no short name.
macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter): (_, &$crate::dead_letters::LetterFilter) = ($query, $filter);
        if let Some(state) = filter.state {
            query = query.filter(dead_letters::state.eq(state.name()));
        }
        if let Some(consumer) = &filter.consumer {
            query = query.filter(dead_letters::consumer.eq(consumer.clone()));
        }
        if let Some(event_type) = &filter.event_type {
            query = query.filter(dead_letters::event_type.eq(event_type.clone()));
        }
        if let Some(fingerprint) = &filter.fingerprint {
            query = query.filter(dead_letters::fingerprint.eq(fingerprint.clone()));
        }
        if let Some(reason) = filter.reason {
            query = query.filter(dead_letters::reason.eq(reason.name()));
        }
        if let Some(aggregate_id) = filter.aggregate_id {
            query = query.filter(dead_letters::aggregate_id.eq($crate::database::sql_types::Id(aggregate_id)));
        }
        query
    }};
}
pub(super) use narrow;
