//! Lists, groups and numbers.

use actors::dead_letters::{
    CountDeadLetters, DeadLetter, DeadLetterGroup, DeadLetterStatistics, GroupDeadLetters, LetterFilter,
    ListDeadLetters, Reason, State,
};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::http::answer::Reply;
use crate::http::call::Call;
use crate::http::paging::{Cursor, Limit, Page};
use crate::http::problem::Problem;

const LIST: &str = "dead-letters";

/// Which dead letters to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    /// Only those in this state.
    state: Option<State>,
    /// Only those of this consumer: a service's name, relay or unrouted.
    consumer: Option<String>,
    /// Only events of this type, such as `resource.created`.
    event_type: Option<String>,
    /// Only those that failed alike: the fingerprint of their group.
    fingerprint: Option<String>,
    /// Only those parked for this reason.
    reason: Option<Reason>,
    /// Only events of this aggregate.
    aggregate_id: Option<Uuid>,
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// Which groups to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Groups {
    /// Whether resolved ones count as well.
    #[serde(default)]
    resolved: bool,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn list(call: Call<Filter>) -> Result<Reply<Page<DeadLetter>>, Problem> {
    let Filter { state, consumer, event_type, fingerprint, reason, aggregate_id, cursor, limit } = &call.query;
    let filter = LetterFilter {
        state: *state,
        consumer: consumer.clone(),
        event_type: event_type.clone(),
        fingerprint: fingerprint.clone(),
        reason: *reason,
        aggregate_id: *aggregate_id,
    };
    let after = cursor.as_ref().map(|cursor| cursor.key::<i64>(LIST)).transpose()?;
    let query = ListDeadLetters { filter, after, limit: limit.get() };
    let page = call.ask(&call.state.services.dead_letters, query).await?;
    let next_cursor = page.next.map(|place| Cursor::behind(LIST, &place));
    Ok(Reply::of(Page { items: page.items, next_cursor }))
}

pub(super) async fn group(call: Call<Groups>) -> Result<Reply<Page<DeadLetterGroup>>, Problem> {
    let query = GroupDeadLetters { resolved: call.query.resolved, limit: call.query.limit.get() };
    let items = call.ask(&call.state.services.dead_letters, query).await?;
    Ok(Reply::of(Page { items, next_cursor: None }))
}

pub(super) async fn count(call: Call) -> Result<Reply<DeadLetterStatistics>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.dead_letters, CountDeadLetters).await?))
}
