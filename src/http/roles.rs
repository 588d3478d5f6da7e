//! Operations of the auth service on roles.

use actors::access::{Permission, Role};
use actors::auth::{GrantRolePermission, ListRoles, RoleRights, cached};
use actors::violation::Violation;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Reply;
use super::call::{Call, Sent};
use super::paging::Page;
use super::problem::{Problem, kind};
use super::route::{Group, get, post};
use super::users::{READ, WRITE};

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(READ, "/roles", "listRoles", "All roles, and what their holders may do.").to(list),
        post(
            WRITE,
            "/roles/{id}/permissions",
            "grantRolePermission",
            "Gives a role a permission; it counts at once for all its holders. Its name will do for its id.",
        )
        .may_refuse(&[&kind::RULES_BROKEN, &kind::NOT_FOUND, &kind::VERSION_STALE])
        .to(grant),
    ];
    Group { name: "Roles", about: "What may be done in which role.", routes }
}

/// A permission to be given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermissionGrant {
    /// The permission's name, such as `resources:write`. `GET /roles` shows all of them, with the role that may do everything.
    permission: String,
}

impl PermissionGrant {
    /// The permission.
    ///
    /// # Errors
    /// 422 that names all permissions when there is none of this name.
    pub fn permission(&self) -> Result<Permission, Problem> {
        let unknown = |message| Problem::violations(vec![Violation::field("field.permission", "permission", message)]);
        self.permission.parse().map_err(unknown)
    }
}

/// There are few roles, so there is one page.
async fn list(call: Call) -> Result<Reply<Page<RoleRights>>, Problem> {
    let items = call.read(cached::roles(), &call.state.services.auth, ListRoles).await?;
    Ok(Reply::of(Page { items, next_cursor: None }))
}

async fn grant(call: Sent<PermissionGrant>) -> Result<Reply<RoleRights>, Problem> {
    let (role, permission) = (role(call.path("id"))?, call.body.0.permission()?);
    let command = GrantRolePermission { role, permission, expected_version: call.expected_version };
    let rights = call.command(&call.state.services.auth, command).await?;
    let version = rights.version;
    Ok(Reply::of(rights).version(version))
}

/// The role that a path names.
fn role(text: &str) -> Result<Role, Problem> {
    let role = match text.parse() {
        Ok(id) => Role::with_id(id).ok_or_else(|| format!("no role has the id \"{text}\"; GET /roles lists all roles")),
        Err(_) => text.parse(),
    };
    role.map_err(|detail| Problem::new(&kind::NOT_FOUND, detail))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_role_is_named_by_its_name_or_its_id() {
        for wanted in Role::ALL {
            assert_eq!(role(wanted.name()).ok(), Some(wanted));
            assert_eq!(role(&wanted.id().to_string()).ok(), Some(wanted));
        }
        for unknown in ["DEAN", "", &Uuid::nil().to_string()] {
            assert_eq!(role(unknown).expect_err("no role").kind(), &kind::NOT_FOUND);
        }
    }
}
