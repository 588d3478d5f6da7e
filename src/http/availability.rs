//! Operations of the availability service on free time.

use actors::availability::{FreeResource, GetAvailability, ResourceAvailability, SearchFreeResources, cached};
use amqp::events::ResourceType;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Reply;
use super::call::Call;
use super::paging::Limit;
use super::problem::{Problem, kind};
use super::reservations::once_arrived;
use super::resources::READ;
use super::route::{Group, get};

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(READ, "/resources/{id}/availability", "getAvailability", "When a resource is taken and when it is free.")
            .may_refuse(&[&kind::NOT_FOUND, &kind::RULES_BROKEN])
            .to(show),
        get(READ, "/availability/search", "searchFreeResources", "Which resources are free throughout a span of time.")
            .may_refuse(&[&kind::RULES_BROKEN])
            .to(search),
    ];
    Group { name: "Availability", about: "When what is free.", routes }
}

/// A span of time.
#[derive(Debug, Deserialize, JsonSchema)]
struct Span {
    /// From when.
    from: DateTime<Utc>,
    /// To when, at most 62 days later.
    to: DateTime<Utc>,
}

/// What is searched for.
#[derive(Debug, Deserialize, JsonSchema)]
struct Search {
    /// From when.
    from: DateTime<Utc>,
    /// To when.
    to: DateTime<Utc>,
    /// Only those that take at least so many people.
    capacity: Option<u32>,
    /// Only this kind.
    #[serde(rename = "type")]
    resource_type: Option<ResourceType>,
    /// Only those that have all of these attributes, separated by commas.
    #[serde(default)]
    features: Vec<String>,
    /// Only in this building.
    building: Option<String>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FreeResourceList")]
struct Found {
    /// The free resources, the smallest that suffice first.
    items: Vec<FreeResource>,
}

async fn show(call: Call<Span>) -> Result<Reply<ResourceAvailability>, Problem> {
    let (resource_id, Span { from, to }) = (call.id()?, &call.query);
    let query = GetAvailability { resource_id, from: *from, to: *to };
    once_arrived(&call, resource_id, || read(&call, query)).await.map(Reply::of)
}

/// Puts the answer together out of days, or else asks for it as a whole.
async fn read(call: &Call<Span>, query: GetAvailability) -> Result<ResourceAvailability, Problem> {
    let (span, cache, availability) = (query.span()?, &call.state.cache, &call.state.services.availability);
    let ask = |days| call.ask(availability, days);
    match cached::read_days(cache, query.resource_id, span, call.state.time_zone, ask).await? {
        Some(answer) => Ok(answer),
        None => call.ask(availability, query).await,
    }
}

async fn search(call: Call<Search>) -> Result<Reply<Found>, Problem> {
    let Search { from, to, capacity, resource_type, features, building, limit } = &call.query;
    let query = SearchFreeResources {
        from: *from,
        to: *to,
        capacity: *capacity,
        resource_type: *resource_type,
        features: features.clone(),
        building: building.clone(),
        limit: usize::try_from(limit.get()).unwrap_or_default(),
    };
    Ok(Reply::of(Found { items: call.ask(&call.state.services.availability, query).await? }))
}
