//! What is cached of the resources service.
//!
//! | key | value | kept | outdated by |
//! |---|---|---|---|
//! | `resource:{id}` | a resource | 30 min | whatever happens to it |
//! | `resources:list:{hash}` | a page of the list | 5 min | whatever happens to any resource |
//! | `categories:all` | all categories | 1 h | whatever happens to any category |

use std::time::Duration;

use amqp::events::{
    AvailabilityRulesUpdated, CategoryCreated, CategoryUpdated, Event, ResourceCategoryChanged, ResourceCreated,
    ResourceDeleted, ResourceStatusChanged, ResourceUpdated,
};
use blake2::digest::consts::U16;
use blake2::{Blake2s, Digest};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Category, ListResources, Resource, ResourcePage};
use crate::cache::{Family, Group, Key, Outdated};

static ONE: Family = Family::new("resource", Duration::from_secs(30 * 60));
static LIST: Family = Family::new("resources:list", Duration::from_secs(5 * 60));
static CATEGORIES: Family = Family::new("categories:all", Duration::from_secs(60 * 60));
/// Which pages a change moves cannot be told from the change, so they go together.
const LISTS: Group = Group::named("resources:list");

/// The key of the resource with this id.
pub fn resource(id: Uuid) -> Key<Resource> {
    ONE.key(id)
}

/// The key of the page that `query` asks for.
pub fn list(query: &ListResources) -> Key<ResourcePage> {
    LIST.key(fingerprint(query)).in_group(LISTS)
}

/// The key of all categories.
pub fn categories() -> Key<Vec<Category>> {
    CATEGORIES.only()
}

/// The whole query in 128 bits, the same in every process: BLAKE2s (RFC 7693) of its JSON, whose fields always come in the
/// order in which the type declares them.
fn fingerprint(query: &ListResources) -> String {
    let text = serde_json::to_vec(query).unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(Blake2s::<U16>::digest(text).into()))
}

/// What an event outdates in this service's cache, once its state shows the event; `None` when the service has nothing to
/// do with it.
pub(crate) fn outdated(event_type: &str, data: &Value) -> Option<Vec<Outdated>> {
    let outdated = match event_type {
        ResourceCreated::TYPE => vec![LISTS.into()],
        ResourceUpdated::TYPE
        | ResourceStatusChanged::TYPE
        | ResourceCategoryChanged::TYPE
        | AvailabilityRulesUpdated::TYPE
        | ResourceDeleted::TYPE => subject(data).into_iter().map(Outdated::from).chain([LISTS.into()]).collect(),
        CategoryCreated::TYPE | CategoryUpdated::TYPE => vec![categories().into()],
        _ => return None,
    };
    Some(outdated)
}

/// The resource that something happened to.
fn subject(data: &Value) -> Option<Key<Resource>> {
    let id = Uuid::deserialize(data.get("resourceId")?).ok()?;
    Some(resource(id))
}

#[cfg(test)]
mod tests {
    use amqp::{Service, catalogue};
    use serde_json::json;

    use super::super::ResourceFilter;
    use super::*;

    fn names(event_type: &str) -> Vec<String> {
        let data = catalogue::find(event_type).expect("a row").example();
        let outdated = outdated(event_type, &data).expect("something of this service's");
        let name = |outdated| match outdated {
            Outdated::Key(key) => key,
            Outdated::Group(group) => format!("all of {}", group.name()),
        };
        outdated.into_iter().map(name).collect()
    }

    fn page(filter: ResourceFilter, after: Option<&str>, limit: i64) -> ListResources {
        ListResources { filter, after: after.map(str::to_owned), limit }
    }

    #[test]
    fn every_event_that_the_service_raises_or_takes_in_is_considered() {
        let own = catalogue::produced_by(Service::Resources).chain(catalogue::consumed_by(Service::Resources));
        let unconsidered: Vec<_> = own.filter(|row| outdated(row.event_type, &row.example()).is_none()).collect();
        assert!(unconsidered.is_empty(), "{unconsidered:?}");
        assert_eq!(outdated("reservation.created", &json!({})), None);
    }

    #[test]
    fn a_new_resource_outdates_the_lists_and_a_changed_one_itself_too() {
        assert_eq!(names("resource.created"), ["all of resources:list"]);
        let example = ResourceUpdated::example().resource_id;
        for event_type in [
            "resource.updated",
            "resource.status.changed",
            "resource.category.changed",
            "availability.rules.updated",
            "resource.deleted",
        ] {
            assert_eq!(names(event_type), [format!("resource:{example}"), "all of resources:list".to_owned()]);
        }
    }

    #[test]
    fn a_category_outdates_the_categories_and_nothing_else() {
        assert_eq!(names("category.created"), ["categories:all"]);
        assert_eq!(names("category.updated"), ["categories:all"]);
    }

    #[test]
    fn keys_are_named_as_operators_look_for_them() {
        assert_eq!(resource(Uuid::nil()).name(), "resource:00000000-0000-0000-0000-000000000000");
        assert_eq!(categories().name(), "categories:all");
        // Written down, so that another build of the program asks for the same keys.
        let expected = "resources:list:0c9cfae552d65646b39a3b81242180b5";
        assert_eq!(list(&page(ResourceFilter::default(), None, 50)).name(), expected);
    }

    #[test]
    fn each_part_of_a_query_makes_another_key() {
        let filter = ResourceFilter::default;
        let queries = [
            page(filter(), None, 50),
            page(filter(), None, 51),
            page(filter(), Some("A1"), 50),
            page(ResourceFilter { resource_type: Some(amqp::events::ResourceType::Classroom), ..filter() }, None, 50),
            page(ResourceFilter { status: Some(amqp::events::ResourceStatus::Reserved), ..filter() }, None, 50),
            page(ResourceFilter { category_id: Some(Uuid::nil()), ..filter() }, None, 50),
            page(ResourceFilter { building: Some("A1".into()), ..filter() }, None, 50),
            page(ResourceFilter { capacity: Some(50), ..filter() }, None, 50),
            page(ResourceFilter { search: Some("A1".into()), ..filter() }, None, 50),
            page(ResourceFilter { search: Some(String::new()), ..filter() }, None, 50),
        ];
        let keys: std::collections::BTreeSet<_> = queries.iter().map(|query| list(query).name().to_owned()).collect();
        assert_eq!(keys.len(), queries.len());
    }
}
