//! The resources service: what can be reserved, its rules and its categories.
//!
//! | commands | queries | reactions |
//! |---|---|---|
//! | [`CreateResource`], [`EditResource`], [`DeleteResource`], [`ChangeStatus`], [`ChangeCategory`], [`SetRules`], [`CreateCategory`], [`EditCategory`] | [`GetResource`], [`FindByCode`], [`ListResources`], [`ListCategories`], [`CheckResources`] | none |

pub mod cached;
mod category;
mod change_category;
mod change_status;
mod check;
mod create;
mod create_category;
mod delete;
mod edit;
mod edit_category;
mod error;
mod find_by_code;
mod get;
mod list;
mod list_categories;
pub mod model;
mod set_rules;
mod store;
#[cfg(test)]
mod tests;

pub use category::Category;
pub use change_category::ChangeCategory;
pub use change_status::ChangeStatus;
pub use check::CheckResources;
pub use create::CreateResource;
pub use create_category::CreateCategory;
pub use delete::DeleteResource;
pub use edit::EditResource;
pub use edit_category::{CategoryChanges, EditCategory};
pub use error::Error;
pub use find_by_code::FindByCode;
pub use get::GetResource;
pub use list::{ListResources, ResourceFilter, ResourcePage};
pub use list_categories::ListCategories;
pub use model::Resource;
pub use set_rules::SetRules;
pub(crate) use store::insert_bulk;

use crate::service::{Campus, service_actor};

/// The actor of the resources service.
pub struct Resources {
    campus: Campus,
}

impl Resources {
    /// The service on `campus`.
    pub fn new(campus: Campus) -> Self {
        Self { campus }
    }
}

service_actor!(Resources);
