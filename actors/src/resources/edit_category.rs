//! Editing a category.

use amqp::events::{CategoryUpdated, Fields};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::category::{self, Category, CategoryEvent};
use super::create::unfit;
use super::{Error, Resources};
use crate::database::{self, Transaction};
use crate::event_store::{Aggregate, append_one};
use crate::service::{Command, Context};
use crate::violation::check_text;

/// Changes to a category: what is absent stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CategoryChanges {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
}

/// Changes a category.
#[derive(Debug, Clone)]
pub struct EditCategory {
    /// Which one.
    pub id: Uuid,
    /// The version that the caller saw, if it is to be that one.
    pub expected_version: Option<i64>,
    /// What changes.
    pub changes: CategoryChanges,
}

impl Command for EditCategory {
    type Service = Resources;
    type Answer = Category;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Category, Error> {
        let mut violations = Vec::new();
        if let Some(name) = &self.changes.name {
            check_text(&mut violations, "name", name, 1..=100);
        }
        check_text(&mut violations, "description", self.changes.description.as_deref().unwrap_or_default(), 0..=500);
        Error::unless_empty(violations)?;
        database::lock(transaction, &[self.id])?;
        let category = category::find(transaction.connection(), self.id)?;
        if self.expected_version.is_some_and(|expected| expected != category.version) {
            return Err(Error::VersionStale { current: category.version });
        }
        let (changes, previous) = difference(&category, &self.changes);
        if changes.is_empty() {
            return Ok(category);
        }
        let (origin, version) = (&context.origin, category.version + 1);
        let event = CategoryEvent::from(CategoryUpdated {
            category_id: self.id,
            changes,
            previous_values: Some(previous),
            updated_by: origin.actor_id(),
        });
        let category = Category::apply(Some(category), version, origin.now, &event).map_err(unfit)?;
        category::save(transaction, &category)?;
        append_one(transaction, origin, version, event)?;
        Ok(category)
    }
}

fn difference(category: &Category, changes: &CategoryChanges) -> (Fields, Fields) {
    let (mut new, mut previous) = (Fields::new(), Fields::new());
    if let Some(name) = changes.name.as_deref().map(str::trim).filter(|name| *name != category.name) {
        new.insert("name".to_owned(), json!(name));
        previous.insert("name".to_owned(), json!(category.name));
    }
    if changes.description.is_some() && changes.description != category.description {
        new.insert("description".to_owned(), json!(changes.description));
        previous.insert("description".to_owned(), json!(category.description));
    }
    (new, previous)
}
