//! What is read from the cache is what was read from the database, whatever it is.

use amqp::events::{AvailabilityRules, CustomRules, Fields, Location, ResourceStatus, ResourceType};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::resources::{Category, Resource, ResourcePage};

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// To the microsecond, as they are stored.
fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_000_000_i64).prop_map(|us| DateTime::from_timestamp_micros(us).expect("an instant"))
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        (-100.0..100.0_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn fields() -> impl Strategy<Value = Fields> {
    prop::collection::btree_map(any::<String>(), json(), 0..4)
}

fn location() -> impl Strategy<Value = Location> {
    let text = prop::option::of(any::<String>());
    (any::<String>(), text.clone(), text).prop_map(|(building, floor, room)| Location { building, floor, room })
}

fn rules() -> impl Strategy<Value = AvailabilityRules> {
    let custom = (any::<[bool; 3]>(), any::<[u32; 3]>()).prop_map(|(flags, numbers)| CustomRules {
        business_hours_only: flags[0],
        weekdays_only: flags[1],
        requires_confirmation: flags[2],
        max_concurrent_bookings: numbers[0],
        cancellation_deadline_hours: numbers[1],
        buffer_minutes: numbers[2],
    });
    (any::<[bool; 2]>(), any::<[u32; 3]>(), prop::option::of(custom)).prop_map(|(flags, numbers, custom_rules)| {
        AvailabilityRules {
            requires_approval: flags[0],
            allow_recurring: flags[1],
            max_advance_booking_days: numbers[0],
            min_booking_duration_minutes: numbers[1],
            max_booking_duration_minutes: numbers[2],
            custom_rules,
        }
    })
}

fn kind() -> impl Strategy<Value = (ResourceType, ResourceStatus)> {
    use ResourceStatus::{Available, Maintenance, Reserved, Unavailable};
    use ResourceType::{Auditorium, Classroom, Laboratory, MeetingRoom, MultimediaEquipment, SportsFacility};
    let types = [Classroom, Laboratory, Auditorium, MultimediaEquipment, SportsFacility, MeetingRoom];
    let statuses = [Available, Reserved, Maintenance, Unavailable];
    (prop::sample::select(types.to_vec()), prop::sample::select(statuses.to_vec()))
}

fn resource() -> impl Strategy<Value = Resource> {
    let texts = (any::<String>(), any::<String>(), prop::option::of(any::<String>()));
    let ids = (id(), prop::option::of(id()), prop::collection::vec(id(), 0..3));
    let instants = (instant(), instant(), prop::option::of(instant()));
    let rest = (prop::option::of(any::<u32>()), any::<i64>(), prop::option::of(location()), fields(), rules());
    (kind(), texts, ids, instants, rest).prop_map(|(kind, texts, ids, instants, rest)| Resource {
        id: ids.0,
        code: texts.0,
        name: texts.1,
        resource_type: kind.0,
        capacity: rest.0,
        category_id: ids.1,
        program_ids: ids.2,
        location: rest.2,
        attributes: rest.3,
        description: texts.2,
        status: kind.1,
        rules: rest.4,
        version: rest.1,
        created_at: instants.0,
        updated_at: instants.1,
        deleted_at: instants.2,
    })
}

fn category() -> impl Strategy<Value = Category> {
    let texts = (any::<String>(), prop::option::of(any::<String>()));
    (id(), texts, prop::option::of(id()), any::<i64>(), instant(), instant()).prop_map(
        |(id, (name, description), parent_category_id, version, created_at, updated_at)| Category {
            id,
            name,
            description,
            parent_category_id,
            version,
            created_at,
            updated_at,
        },
    )
}

/// Through the cache and back; the same value, and the same answer to a client.
fn check<T>(value: &T) -> Result<(), TestCaseError>
where
    T: crate::cache::Value + PartialEq + std::fmt::Debug,
{
    let stored = serde_json::to_vec(value).expect("it can be written");
    let read: T = serde_json::from_slice(&stored).expect("it can be read");
    prop_assert_eq!(&read, value);
    prop_assert_eq!(serde_json::to_vec(&read).expect("it can be written"), stored);
    Ok(())
}

proptest! {
    #[test]
    fn a_resource_comes_back(resource in resource()) {
        check(&resource)?;
    }

    #[test]
    fn a_page_comes_back(
        items in prop::collection::vec(resource(), 0..3),
        next in prop::option::of(any::<String>()),
    ) {
        check(&ResourcePage { items, next })?;
    }

    #[test]
    fn categories_come_back(categories in prop::collection::vec(category(), 0..4)) {
        check(&categories)?;
    }

    /// As clients send numbers: with many digits, most of which are meant.
    #[test]
    fn a_number_comes_back(number in prop::num::f64::NORMAL) {
        check(&vec![number])?;
    }
}
