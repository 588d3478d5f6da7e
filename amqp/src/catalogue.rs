//! THE TABLE: which event exists, what it carries, who raises it and who consumes it.
//!
//! A row is written only for an event that some use case raises, because the published contract promises every row.
//! A consumer is written only with its reaction: the crate `actors` expands [`for_each_route!`](crate::for_each_route)
//! into one handler call for each pair, so a row without its handler does not compile.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::envelope::{self, Envelope, EnvelopeError, Metadata};
use crate::events::{self, Event, example};
use crate::service::Service;

/// Expands `callback! { rows }`, one row an event:
/// `"type" => Payload (Aggregate) : Producer -> [Consumer "what it does", ...];`
///
/// `Payload` is the name of a struct in [`events`](crate::events), `Producer` and `Consumer` are variants of
/// [`Service`](crate::Service).
#[macro_export]
macro_rules! for_each_event {
    ($($callback:ident)::+) => {
        $crate::for_each_event! { @table [$crate::__rows_only] [$($callback)::+] }
    };
    (@table [$($callback:tt)*] $argument:tt) => {
        $($callback)* ! {
            $argument
            "user.registered" => UserRegistered (User) : Auth -> [];
            "user.logged_in" => UserLoggedIn (User) : Auth -> [];
            "user.logged_out" => UserLoggedOut (User) : Auth -> [];
            "role.assigned" => RoleAssigned (User) : Auth -> [];
            "permission.granted" => PermissionGranted (User) : Auth -> [];

            "resource.created" => ResourceCreated (Resource) : Resources -> [
                Availability "initialise its availability: profile, opening hours and rules",
            ];
            "resource.updated" => ResourceUpdated (Resource) : Resources -> [
                Availability "bring the resource's profile up to date",
            ];
            "resource.deleted" => ResourceDeleted (Resource) : Resources -> [
                Availability "refuse new reservations and cancel the future ones",
            ];
            "resource.status.changed" => ResourceStatusChanged (Resource) : Resources -> [
                Availability "close or reopen the resource, flag the live reservations that overlap a closure",
            ];
            "resource.category.changed" => ResourceCategoryChanged (Resource) : Resources -> [
                Availability "bring the resource's profile up to date",
            ];
            "availability.rules.updated" => AvailabilityRulesUpdated (Resource) : Resources -> [
                Availability "apply the new rules to later requests",
            ];
            "category.created" => CategoryCreated (Category) : Resources -> [];
            "category.updated" => CategoryUpdated (Category) : Resources -> [];

            "reservation.created" => ReservationCreated (Reservation) : Availability -> [
                Reports "register the reservation in the analytics",
            ];
            "reservation.updated" => ReservationUpdated (Reservation) : Availability -> [
                Reports "correct the reservation in the analytics",
            ];
            "reservation.cancelled" => ReservationCancelled (Reservation) : Availability -> [
                Reports "count the cancellation, and whether it was late",
            ];
            "schedule.conflict.detected" => ScheduleConflictDetected (ScheduleConflict) : Availability -> [
                Reports "count the conflict",
            ];
        }
    };
}

/// Expands `callback! { ("type", Payload, Consumer) ... }`, one triple for each event and each service that consumes it.
///
/// ```
/// use amqp::{Service, events};
///
/// /// The name of the payload that a service receives, if it consumes that type.
/// fn received(service: Service, event_type: &str) -> Option<&'static str> {
///     macro_rules! arms {
///         ($(($type:literal, $Event:ident, $Consumer:ident))*) => {
///             match (service, event_type) {
///                 $((Service::$Consumer, $type) => Some(std::any::type_name::<events::$Event>()),)*
///                 _ => None,
///             }
///         };
///     }
///     amqp::for_each_route!(arms)
/// }
/// assert!(received(Service::Availability, "resource.created").unwrap().ends_with("ResourceCreated"));
/// assert_eq!(received(Service::Auth, "resource.created"), None);
/// ```
#[macro_export]
macro_rules! for_each_route {
    ($($callback:ident)::+) => {
        $crate::for_each_event! { @table [$crate::__routes] [$($callback)::+] }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_only {
    ([$($callback:tt)*] $($rows:tt)*) => { $($callback)* ! { $($rows)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __routes {
    ([$($callback:tt)*] $(
        $type:literal => $Event:ident ($Aggregate:ident) : $Producer:ident -> [$($Consumer:ident $action:literal),* $(,)?];
    )*) => {
        $($callback)* ! { $($(($type, $Event, $Consumer))*)* }
    };
}

/// One consumer of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The service that consumes it.
    pub consumer: Service,
    /// What that service does, as an order: `forget the cached rules`.
    pub action: &'static str,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The event type, which is also the routing key: `resource.created`.
    pub event_type: &'static str,
    /// The name of the payload's struct and schema: `ResourceCreated`.
    pub payload: &'static str,
    /// The kind of aggregate it happens to: `Resource`. See [`Entry::aggregates`].
    pub aggregate: &'static str,
    /// The service that raises it.
    pub producer: Service,
    /// The services that consume it.
    pub consumers: &'static [Service],
    /// The same services, each with what it does; same order.
    pub routes: &'static [Route],
    example: fn() -> Envelope,
    schema: fn(&mut SchemaGenerator) -> Schema,
    check: fn(&Value) -> Result<(), EnvelopeError>,
}

impl Entry {
    /// A complete payload, optional fields included, for documents and tests.
    pub fn example(&self) -> Value {
        self.example_envelope().data
    }

    /// The same payload in an envelope.
    pub fn example_envelope(&self) -> Envelope {
        (self.example)()
    }

    /// The kinds of aggregate it happens to: one, save for the few events whose example shows the other.
    pub fn aggregates(&self) -> Vec<String> {
        let mut kinds = vec![self.aggregate.to_owned(), self.example_envelope().aggregate_type];
        kinds.dedup();
        kinds
    }

    /// The payload's JSON Schema: a reference into the generator's definitions.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// What the event means: the doc comment of its payload.
    pub fn description(&self) -> String {
        let mut generator = SchemaGenerator::default();
        (self.schema)(&mut generator);
        let definitions = generator.take_definitions(true);
        let text = definitions.get(self.payload).and_then(|schema| schema.get("description"));
        text.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Whether a consumer could read this payload.
    ///
    /// # Errors
    /// Names the field that is missing or wrong.
    pub fn check(&self, data: &Value) -> Result<(), EnvelopeError> {
        (self.check)(data)
    }
}

/// The row of an event type; `None` if the catalogue does not have it.
pub fn find(event_type: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.event_type == event_type)
}

/// The events that a service raises, in the table's order.
pub fn produced_by(service: Service) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().filter(move |entry| entry.producer == service)
}

/// The events that a service consumes, in the table's order.
pub fn consumed_by(service: Service) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().filter(move |entry| entry.consumers.contains(&service))
}

macro_rules! entries {
    ($(
        $type:literal => $Event:ident ($Aggregate:ident) : $Producer:ident -> [$($Consumer:ident $action:literal),* $(,)?];
    )*) => {
        /// Every row.
        pub static ENTRIES: &[Entry] = &[$(Entry {
            event_type: $type,
            payload: stringify!($Event),
            aggregate: stringify!($Aggregate),
            producer: Service::$Producer,
            consumers: &[$(Service::$Consumer),*],
            routes: &[$(Route { consumer: Service::$Consumer, action: $action }),*],
            example: example::<events::$Event>,
            schema: schema::<events::$Event>,
            check: check::<events::$Event>,
        }),*];

        // A payload that names another type, aggregate or producer than its row does not compile.
        $(const _: () = {
            assert!(same(<events::$Event as Event>::TYPE, $type));
            assert!(same(<events::$Event as Event>::AGGREGATE, stringify!($Aggregate)));
            assert!(matches!(<events::$Event as Event>::PRODUCER, Service::$Producer));
        };)*
    };
}
crate::for_each_event!(entries);

fn example<E: Event>() -> Envelope {
    let metadata = Metadata {
        causation_id: Some(example::CAUSE),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        actor: Some(example::STAFF),
        ..Metadata::new(example::CORRELATION)
    };
    Envelope::new(&E::example(), example::EVENT, 1, example::at("09:00"), metadata)
        .expect("payloads are plain structs with string keys, which JSON can hold")
}

fn schema<E: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<E>()
}

fn check<E: Event>(data: &Value) -> Result<(), EnvelopeError> {
    envelope::payload::<E>(data).map(drop)
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

#[cfg(test)]
mod tests;
