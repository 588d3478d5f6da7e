//! Operations of the resources service on categories.

use actors::resources::{Category, CategoryChanges, CreateCategory, EditCategory, ListCategories, cached};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer::Reply;
use super::call::{Call, Sent};
use super::paging::{Cursor, Limit, Page};
use super::problem::{Problem, kind};
use super::resources::{READ, WRITE};
use super::route::{Group, create, get, patch};

const LIST: &str = "categories";

/// Which page.
#[derive(Debug, Deserialize, JsonSchema)]
struct Paging {
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(READ, "/categories", "listCategories", "All categories, by name.").to(list),
        create(WRITE, "/categories", "createCategory", "Creates a category.")
            .may_refuse(&[&kind::RULES_BROKEN, &kind::CATEGORY_NAME_TAKEN, &kind::NOT_FOUND])
            .to(add),
        patch(WRITE, "/categories/{id}", "editCategory", "Changes a category.")
            .may_refuse(&[&kind::RULES_BROKEN, &kind::CATEGORY_NAME_TAKEN, &kind::NOT_FOUND, &kind::VERSION_STALE])
            .to(edit),
    ];
    Group { name: "Categories", about: "What resources are sorted into.", routes }
}

fn reply(category: Category) -> Reply<Category> {
    let version = category.version;
    Reply::of(category).version(version)
}

/// A page of the categories. There are few of them, so all are read and the page is cut out here.
async fn list(call: Call<Paging>) -> Result<Reply<Page<Category>>, Problem> {
    let after: Option<Uuid> = call.query.cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let limit = usize::try_from(call.query.limit.get()).unwrap_or(usize::MAX);
    let mut items = call.read(cached::categories(), &call.state.services.resources, ListCategories).await?;
    if let Some(after) = after {
        let behind = items.iter().position(|category| category.id == after).map_or(items.len(), |index| index + 1);
        items.drain(..behind);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|category| Cursor::behind(LIST, &category.id));
    Ok(Reply::of(Page { items, next_cursor }))
}

async fn add(call: Sent<CreateCategory>) -> Result<Reply<Category>, Problem> {
    Ok(reply(call.command(&call.state.services.resources, call.body.0.clone()).await?))
}

async fn edit(call: Sent<CategoryChanges>) -> Result<Reply<Category>, Problem> {
    let (id, expected_version, changes) = (call.id()?, call.expected_version, call.body.0.clone());
    Ok(reply(call.command(&call.state.services.resources, EditCategory { id, expected_version, changes }).await?))
}
