//! Operations of the auth service on users.

use actors::access::{Permission, Role};
use actors::auth::{AddUser, AssignRole, GetUser, GrantPermission, ListUsers, User};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Reply;
use super::call::{Call, Sent};
use super::caller::Access;
use super::paging::{Cursor, Limit, Page};
use super::problem::{Problem, kind};
use super::roles::PermissionGrant;
use super::route::{Group, create, get, post};

pub(super) const READ: Access = Access::Permission(Permission::UsersRead);
pub(super) const WRITE: Access = Access::Permission(Permission::UsersWrite);
const LIST: &str = "users";

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(Access::Caller, "/users/me", "getMe", "The user whose access token this is.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(me),
        get(READ, "/users", "listUsers", "Lists and searches users, by e-mail address.").to(list),
        create(WRITE, "/users", "addUser", "Makes an account for somebody.")
            .may_refuse(&[&kind::RULES_BROKEN, &kind::EMAIL_TAKEN])
            .to(add),
        get(READ, "/users/{id}", "getUser", "One user.").may_refuse(&[&kind::NOT_FOUND]).to(show),
        post(WRITE, "/users/{id}/roles", "assignRole", "Gives a user a role; it counts at once.")
            .may_refuse(&[&kind::NOT_FOUND, &kind::VERSION_STALE])
            .to(assign_role),
        post(WRITE, "/users/{id}/permissions", "grantPermission", "Gives a user a permission; it counts at once.")
            .may_refuse(&[&kind::RULES_BROKEN, &kind::NOT_FOUND, &kind::VERSION_STALE])
            .to(grant),
    ];
    Group { name: "Users", about: "Who has an account, and in which roles.", routes }
}

/// Which users to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// Only those whose address or name holds this text, in any case.
    search: Option<String>,
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// A role to be given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleAssignment {
    /// The role.
    role: Role,
}

fn reply(user: User) -> Reply<User> {
    let version = user.version;
    Reply::of(user).version(version)
}

async fn me(call: Call) -> Result<Reply<User>, Problem> {
    let id = call
        .caller
        .user_id
        .ok_or_else(|| Problem::new(&kind::NOT_FOUND, "the operator at the machine has no account"))?;
    Ok(reply(call.ask(&call.state.services.auth, GetUser(id)).await?))
}

async fn list(call: Call<Filter>) -> Result<Reply<Page<User>>, Problem> {
    let Filter { search, cursor, limit } = &call.query;
    let after = cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let query = ListUsers { after, limit: limit.get(), search: search.clone() };
    let page = call.ask(&call.state.services.auth, query).await?;
    Ok(Reply::of(Page { items: page.items, next_cursor: page.next.map(|email| Cursor::behind(LIST, &email)) }))
}

async fn add(call: Sent<AddUser>) -> Result<Reply<User>, Problem> {
    let user = call.command(&call.state.services.auth, call.body.0.clone()).await?;
    let path = format!("/users/{}", user.id);
    Ok(reply(user).location(path))
}

async fn show(call: Call) -> Result<Reply<User>, Problem> {
    Ok(reply(call.ask(&call.state.services.auth, GetUser(call.id()?)).await?))
}

async fn assign_role(call: Sent<RoleAssignment>) -> Result<Reply<User>, Problem> {
    let (user_id, role, expected_version) = (call.id()?, call.body.0.role, call.expected_version);
    Ok(reply(call.command(&call.state.services.auth, AssignRole { user_id, role, expected_version }).await?))
}

async fn grant(call: Sent<PermissionGrant>) -> Result<Reply<User>, Problem> {
    let (user_id, permission, expected_version) = (call.id()?, call.body.0.permission()?, call.expected_version);
    let command = GrantPermission { user_id, permission, expected_version };
    Ok(reply(call.command(&call.state.services.auth, command).await?))
}
