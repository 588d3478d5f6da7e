//! Creating a category.

use amqp::events::CategoryCreated;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::category::{self, Category, CategoryEvent};
use super::create::unfit;
use super::{Error, Resources};
use crate::database::Transaction;
use crate::event_store::{Aggregate, append_one};
use crate::service::{Command, Context};
use crate::violation::check_text;

/// Creates a category.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCategory {
    /// The name, 1 to 100 characters, unique.
    pub name: String,
    /// More about it, at most 500 characters.
    pub description: Option<String>,
    /// The category above it.
    pub parent_category_id: Option<Uuid>,
}

impl Command for CreateCategory {
    type Service = Resources;
    type Answer = Category;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Category, Error> {
        let mut violations = Vec::new();
        check_text(&mut violations, "name", &self.name, 1..=100);
        check_text(&mut violations, "description", self.description.as_deref().unwrap_or_default(), 0..=500);
        Error::unless_empty(violations)?;
        if let Some(parent) = self.parent_category_id {
            category::find(transaction.connection(), parent)?;
        }
        let origin = &context.origin;
        let event = CategoryEvent::from(CategoryCreated {
            category_id: origin.ids.next(),
            name: self.name.trim().to_owned(),
            description: self.description,
            parent_category_id: self.parent_category_id,
            created_by: origin.actor_id(),
        });
        let category = Category::apply(None, 1, origin.now, &event).map_err(unfit)?;
        category::save(transaction, &category)?;
        append_one(transaction, origin, 1, event)?;
        Ok(category)
    }
}
