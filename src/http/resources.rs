//! Operations of the resources service on resources.

use actix_web::HttpRequest;
use actors::access::Permission;
use actors::availability::{self, CountFuture, GetRules};
use actors::cache::Sought;
use actors::resources::model::{NewResource, ResourceChanges};
use actors::resources::{
    ChangeCategory, ChangeStatus, CreateResource, DeleteResource, EditResource, Error, GetResource, ListResources,
    Resource, ResourceFilter, SetRules, cached,
};
use amqp::events::{AvailabilityRules, ResourceStatus, ResourceType, WeeklySchedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer::{Done, Reply};
use super::body::Json;
use super::call::{Call, Sent};
use super::caller::Access;
use super::following::followed;
use super::paging::{Cursor, Limit, Page};
use super::problem::{Kind, Problem, kind};
use super::route::{Group, create, delete, get, patch, put};
use super::state::Services;

pub(super) const READ: Access = Access::Permission(Permission::ResourcesRead);
pub(super) const WRITE: Access = Access::Permission(Permission::ResourcesWrite);
const MISSING: &[&Kind] = &[&kind::NOT_FOUND];
const EDIT: &[&Kind] = &[&kind::NOT_FOUND, &kind::VERSION_STALE, &kind::RULES_BROKEN];
const EDIT_CODE: &[&Kind] = &[&kind::NOT_FOUND, &kind::VERSION_STALE, &kind::RULES_BROKEN, &kind::RESOURCE_CODE_TAKEN];
const DELETE: &[&Kind] =
    &[&kind::NOT_FOUND, &kind::VERSION_STALE, &kind::RULES_BROKEN, &kind::RESOURCE_HAS_RESERVATIONS];
const LIST: &str = "resources";

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        create(WRITE, "/resources", "createResource", "Creates a resource.")
            .may_refuse(&[&kind::RULES_BROKEN, &kind::RESOURCE_CODE_TAKEN, &kind::NOT_FOUND])
            .to(add),
        get(READ, "/resources", "listResources", "Lists and searches resources, by code.").to(list),
        get(READ, "/resources/{id}", "getResource", "One resource.").may_refuse(MISSING).reads(of_path).to(show),
        patch(WRITE, "/resources/{id}", "editResource", "Changes what is said of a resource.")
            .may_refuse(EDIT_CODE)
            .to(edit),
        delete(
            WRITE,
            "/resources/{id}",
            "deleteResource",
            "Deletes a resource; one that has future reservations only with force=true, which cancels them.",
        )
        .may_refuse(DELETE)
        .to(remove),
        patch(WRITE, "/resources/{id}/status", "changeResourceStatus", "Opens or closes a resource.")
            .may_refuse(EDIT)
            .to(change_status),
        patch(WRITE, "/resources/{id}/category", "changeResourceCategory", "Sorts a resource into another category.")
            .may_refuse(EDIT)
            .to(change_category),
        get(READ, "/resources/{id}/rules", "getResourceRules", "What reservations of a resource must keep to.")
            .may_refuse(MISSING)
            .to(show_rules),
        put(
            WRITE,
            "/resources/{id}/rules",
            "setResourceRules",
            "Gives a resource new rules, in place of all that it had.",
        )
        .may_refuse(EDIT)
        .to(set_rules),
    ];
    Group { name: "Resources", about: "What can be reserved: rooms, laboratories, equipment.", routes }
}

/// Which resources to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// Only this kind.
    #[serde(rename = "type")]
    resource_type: Option<ResourceType>,
    /// Only this status.
    status: Option<ResourceStatus>,
    /// Only this category.
    category_id: Option<Uuid>,
    /// Only in this building.
    building: Option<String>,
    /// Only those that take at least so many people.
    capacity: Option<u32>,
    /// Only those whose code or name holds this text, in any case.
    search: Option<String>,
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// A new status.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StatusChange {
    /// The new status.
    status: ResourceStatus,
    /// Why, at most 500 characters.
    reason: Option<String>,
}

/// Another category.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CategoryChange {
    /// The new category; null for none.
    category_id: Option<Uuid>,
    /// Why, at most 500 characters.
    reason: Option<String>,
}

/// Why something is deleted, and at what price.
#[derive(Debug, Deserialize, JsonSchema)]
struct Deletion {
    /// Why.
    reason: Option<String>,
    /// Whether it is deleted even if it has reservations in the future, which are cancelled then. A reservation that is
    /// made while it is deleted is cancelled in any case.
    #[serde(default)]
    force: bool,
}

/// What reservations of a resource must keep to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResourceRules {
    /// The rules that were set last.
    #[serde(flatten)]
    rules: AvailabilityRules,
    /// When it is open. Absent until availability knows the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<WeeklySchedule>,
    /// Whether reservations are checked against these rules already: they reach availability with their event.
    in_force: bool,
}

/// New rules. What else was read with the old ones may stand beside them and changes nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewRules {
    #[serde(flatten)]
    rules: AvailabilityRules,
    /// As it was read; it cannot be changed here.
    #[serde(rename = "openingHours")]
    _opening_hours: Option<WeeklySchedule>,
    /// As it was read.
    #[serde(rename = "inForce")]
    _in_force: Option<bool>,
}

type One = Result<Reply<Resource>, Problem>;

fn reply(resource: Resource) -> Reply<Resource> {
    let version = resource.version;
    Reply::of(resource).version(version)
}

async fn add(call: Sent<NewResource>) -> One {
    let resource = call.command(&call.state.services.resources, CreateResource(call.body.0.clone())).await?;
    let path = format!("/resources/{}", resource.id);
    Ok(reply(resource).location(path))
}

async fn list(call: Call<Filter>) -> Result<Reply<Page<Resource>>, Problem> {
    let Filter { resource_type, status, category_id, building, capacity, search, cursor, limit } = &call.query;
    let filter = ResourceFilter {
        resource_type: *resource_type,
        status: *status,
        category_id: *category_id,
        building: building.clone(),
        capacity: *capacity,
        search: search.clone(),
    };
    let after = cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let query = ListResources { filter, after, limit: limit.get() };
    let page = call.read(cached::list(&query), &call.state.services.resources, query).await?;
    Ok(Reply::of(Page { items: page.items, next_cursor: page.next.map(|code| Cursor::behind(LIST, &code)) }))
}

async fn show(call: Call) -> One {
    Ok(reply(read(&call).await?))
}

/// The key of the resource that the path names.
fn of_path(request: &HttpRequest) -> Option<Sought> {
    Some((&cached::resource(request.match_info().get("id")?.parse().ok()?)).into())
}

async fn read(call: &Call) -> Result<Resource, Problem> {
    let id = call.id()?;
    call.read(cached::resource(id), &call.state.services.resources, GetResource(id)).await
}

async fn edit(call: Sent<ResourceChanges>) -> One {
    let (id, expected_version, changes) = (call.id()?, call.expected_version, call.body.0.clone());
    Ok(reply(call.command(&call.state.services.resources, EditResource { id, expected_version, changes }).await?))
}

async fn remove(call: Call<Deletion>) -> Result<Done, Problem> {
    let (id, expected_version, reason) = (call.id()?, call.expected_version, call.query.reason.clone());
    if !call.query.force {
        refuse_if_reserved(&call, id).await?;
    }
    let command = DeleteResource { id, expected_version, reason };
    let resource = call.command(&call.state.services.resources, command).await?;
    followed(&call, id, resource.version).await;
    Ok(Done)
}

/// Refuses to delete what somebody has reserved. This looks before the deletion and locks nothing: a reservation that is
/// made in between is cancelled by the deletion, as with `force`.
async fn refuse_if_reserved(call: &Call<Deletion>, id: Uuid) -> Result<(), Problem> {
    let Services { resources, availability, .. } = &call.state.services;
    let future = call.ask(availability, CountFuture { resource_id: id }).await?;
    if future.count == 0 {
        return Ok(());
    }
    // Not there any more, or changed since the caller saw it: that comes before what it has.
    let version = call.ask(resources, GetResource(id)).await?.version;
    if call.expected_version.is_some_and(|expected| expected != version) {
        return Err(Error::VersionStale { current: version }.into());
    }
    let detail = format!(
        "the resource has reservations in the future ({}); cancel them first, or repeat the request with ?force=true, \
         which cancels them",
        future.count
    );
    let problem = Problem::new(&kind::RESOURCE_HAS_RESERVATIONS, detail);
    Err(problem.with("count", future.count).with("reservationIds", future.first))
}

async fn change_status(call: Sent<StatusChange>) -> One {
    let (id, expected_version) = (call.id()?, call.expected_version);
    let Json(StatusChange { status, reason }) = &call.body;
    let command = ChangeStatus { id, expected_version, status: *status, reason: reason.clone() };
    let resource = call.command(&call.state.services.resources, command).await?;
    followed(&call, id, resource.version).await;
    Ok(reply(resource))
}

async fn change_category(call: Sent<CategoryChange>) -> One {
    let (id, expected_version) = (call.id()?, call.expected_version);
    let Json(CategoryChange { category_id, reason }) = &call.body;
    let command = ChangeCategory { id, expected_version, category_id: *category_id, reason: reason.clone() };
    Ok(reply(call.command(&call.state.services.resources, command).await?))
}

async fn show_rules(call: Call) -> Result<Reply<ResourceRules>, Problem> {
    let resource = read(&call).await?;
    let id = resource.id;
    let applied =
        match call.read(availability::cached::rules(id), &call.state.services.availability, GetRules(id)).await {
            Ok(applied) => Some(applied),
            // Its creation is on its way to availability.
            Err(problem) if problem.kind() == &kind::NOT_FOUND => None,
            Err(problem) => return Err(problem),
        };
    let in_force = applied.as_ref().is_some_and(|applied| applied.rules == resource.rules);
    let opening_hours = applied.map(|applied| applied.opening_hours);
    Ok(Reply::of(ResourceRules { rules: resource.rules, opening_hours, in_force }).version(resource.version))
}

async fn set_rules(call: Sent<NewRules>) -> Result<Reply<AvailabilityRules>, Problem> {
    let (id, expected_version, rules) = (call.id()?, call.expected_version, call.body.0.rules.clone());
    let resource = call.command(&call.state.services.resources, SetRules { id, expected_version, rules }).await?;
    followed(&call, id, resource.version).await;
    Ok(Reply::of(resource.rules).version(resource.version))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound | Error::CategoryNotFound => Self::new(&kind::NOT_FOUND, detail),
            Error::CodeTaken(_) => Self::new(&kind::RESOURCE_CODE_TAKEN, detail),
            Error::CategoryNameTaken(_) => Self::new(&kind::CATEGORY_NAME_TAKEN, detail),
            Error::VersionStale { current } => Self::new(&kind::VERSION_STALE, detail).with("currentVersion", current),
            Error::Invalid(violations) => Self::violations(violations),
            Error::Storage(error) => error.into(),
        }
    }
}
