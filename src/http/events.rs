//! The event store, read.
//!
//! The store belongs to no service, so there is no actor whose mailbox would bound these reads; they go to the database's
//! readers directly and are bounded by the connections that the server accepts.

use actors::access::Permission;
use actors::event_store::{self, EventFilter, StoredEvent};
use amqp::{Envelope, catalogue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer::Reply;
use super::call::{Call, PATIENCE};
use super::caller::Access;
use super::paging::{Cursor, Limit, Page};
use super::problem::{Problem, kind};
use super::route::{Group, get};

const LIST: &str = "events";

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(
            Access::Permission(Permission::EventsRead),
            "/events",
            "listEvents",
            "Events in the order they were stored.",
        )
        .to(list),
    ];
    Group { name: "Events", about: "Every change of state, as it was published.", routes }
}

/// Which events to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// Only those of this type, such as `resource.created`.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// Only those of this aggregate.
    aggregate_id: Option<Uuid>,
    /// Only those behind this position: the last one that was read.
    after: Option<i64>,
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// An event with its place in the store.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredEvent")]
struct Item {
    /// Its position: grows with every event, with gaps.
    position: i64,
    #[serde(flatten)]
    envelope: Envelope,
}

fn filter(query: &Filter) -> Result<EventFilter, Problem> {
    let known = |name: &String| catalogue::find(name).is_some();
    if let Some(name) = query.event_type.as_ref().filter(|name| !known(name)) {
        let detail = format!("the query parameter type names no event of the catalogue: {name}");
        return Err(Problem::new(&kind::QUERY_INVALID, detail));
    }
    let behind = query.cursor.as_ref().map(|cursor| cursor.key::<i64>(LIST)).transpose()?;
    Ok(EventFilter {
        event_type: query.event_type.clone(),
        aggregate_id: query.aggregate_id,
        after: behind.or(query.after).unwrap_or(0),
        limit: query.limit.get() + 1,
    })
}

async fn list(call: Call<Filter>) -> Result<Reply<Page<Item>>, Problem> {
    let filter = filter(&call.query)?;
    let limit = usize::try_from(call.query.limit.get()).unwrap_or(usize::MAX);
    let read = call.state.database.read(move |connection| event_store::list(connection, &filter));
    let late = |_| Problem::new(&kind::LATE, "the event store did not answer in time; try again");
    let mut stored: Vec<StoredEvent> = tokio::time::timeout(PATIENCE, read).await.map_err(late)??;
    let more = stored.len() > limit;
    stored.truncate(limit);
    let next_cursor = stored.last().filter(|_| more).map(|event| Cursor::behind(LIST, &event.position));
    let items = stored.into_iter().map(|StoredEvent { position, envelope }| Item { position, envelope }).collect();
    Ok(Reply::of(Page { items, next_cursor }))
}
