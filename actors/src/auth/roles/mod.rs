//! What roles were given, besides the permissions that come with them.

mod check;
mod grant;
mod list;
pub mod model;
pub(super) mod store;

pub use check::CheckRoles;
pub use grant::GrantRolePermission;
pub use list::ListRoles;
pub use model::{RoleGrants, RoleRights};
