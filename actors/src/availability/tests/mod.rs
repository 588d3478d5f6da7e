//! The availability service over its database, on both engines.

use std::sync::Arc;

use amqp::events::{AvailabilityRules, CustomRules, ResourceStatus, ResourceType};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::access::{Caller, Role};
use crate::clock::{Clock, Ids};
use crate::database::scratch::{Scratch, on_each_engine};
use crate::database::{self, Database};
use crate::event_store::{Origin, outbox};
use crate::handling::handle;
use crate::reports::{ListRegistered, Registered};
use crate::resources::model::NewResource;
use crate::resources::{ChangeStatus, CheckResources, CreateResource, DeleteResource, SetRules};
use crate::service::{Command, Context, Query};
use crate::wiring::{Course, Deliver};

mod cached;
mod closing;
mod deletion;
mod herd;
mod reactions;
mod reserving;
mod searching;
mod walk;

/// A campus on a Monday morning, 06:00 in Bogota.
struct Scene {
    database: Database,
    clock: Clock,
}

/// Its lock comes before that of any resource with a real identifier, whose first half does not outweigh this one.
const USER: Uuid = Uuid::from_u128(0x8000_0000_0000_0007);

fn monday() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2027-01-11T11:00:00Z").expect("an instant").to_utc()
}

/// So many hours after that Monday's 06:00.
fn slot(from: i64, to: i64) -> Slot {
    Slot { starts_at: monday() + TimeDelta::hours(from), ends_at: monday() + TimeDelta::hours(to) }
}

impl Scene {
    fn on(scratch: &Scratch) -> Self {
        assert_eq!(monday().weekday(), chrono::Weekday::Mon);
        Self { database: scratch.open(), clock: Clock::manual(monday()) }
    }

    fn context(&self, role: Role, user: Uuid) -> Context {
        let roles = [role].into();
        let caller = Caller { user_id: Some(user), ..Caller::operator(Uuid::nil()).in_roles(roles) };
        Context { caller, origin: Origin::new(&self.clock, Some(user)), time_zone: chrono_tz::America::Bogota }
    }

    async fn run<C: Command>(&self, role: Role, command: C) -> Result<C::Answer, C::Refusal> {
        let context = self.context(role, USER);
        self.database.write(move |transaction| command.run(transaction, &context)).await
    }

    async fn ask<Q: Query>(&self, query: Q) -> Result<Q::Answer, Q::Refusal> {
        let context = self.context(Role::GeneralAdmin, USER);
        self.database.read(move |connection| query.run(connection, &context)).await
    }

    async fn resource(&self, code: &str, custom: CustomRules) -> Uuid {
        let new = NewResource {
            code: code.to_owned(),
            name: code.to_owned(),
            resource_type: ResourceType::Classroom,
            capacity: Some(30),
            category_id: None,
            program_ids: Vec::new(),
            location: None,
            attributes: Default::default(),
            description: None,
        };
        let resource = self.run(Role::GeneralAdmin, CreateResource(new)).await.expect("created");
        let rules = AvailabilityRules { custom_rules: Some(custom), ..AvailabilityRules::default() };
        let set = SetRules { id: resource.id, expected_version: None, rules };
        self.run(Role::GeneralAdmin, set).await.expect("set");
        self.deliver().await;
        resource.id
    }

    async fn room(&self) -> Uuid {
        self.resource("SA401", CustomRules::default()).await
    }

    async fn request(&self, role: Role, resource_id: Uuid, slot: Slot) -> Result<Reservation, Error> {
        self.run(role, RequestReservation(new(resource_id, slot))).await
    }

    async fn reserve(&self, resource_id: Uuid, slot: Slot) -> Reservation {
        self.request(Role::Teacher, resource_id, slot).await.expect("reserved")
    }

    /// Lets every consumer handle, twice, what is in the outbox.
    async fn deliver(&self) {
        loop {
            let now = self.clock.now();
            let claimed = self.database.write(move |transaction| outbox::claim(transaction, now, 50)).await;
            let claimed = claimed.expect("claimed");
            if claimed.is_empty() {
                return;
            }
            let positions: Vec<i64> = claimed.iter().map(|outgoing| outgoing.position).collect();
            for outgoing in claimed {
                let entry = amqp::catalogue::find(&outgoing.envelope.event_type).expect("a row");
                let envelope = Arc::new(outgoing.envelope);
                for consumer in entry.consumers {
                    for _ in 0..2 {
                        let (event, bytes, course) = (Arc::clone(&envelope), None, Course::Fresh);
                        let event = Deliver { event, bytes, course };
                        handle(&self.database, &self.clock, *consumer, event).await.expect("handled");
                    }
                }
            }
            let settled = self.database.write(move |transaction| outbox::settle(transaction, &positions, &[])).await;
            settled.expect("settled");
        }
    }

    /// Rows are the folds of their histories, holds are right, and the reports show the same reservations.
    async fn is_consistent(&self) {
        self.deliver().await;
        assert_eq!(self.ask(CheckReservations).await.expect("checked").1, [""; 0]);
        assert_eq!(self.ask(CheckResources).await.expect("checked").1, [""; 0]);
        let limit = 10_000;
        let page = self.ask(ListReservations { filter: Default::default(), after: None, limit }).await.expect("listed");
        let mut reserved: Vec<Registered> = page.items.iter().map(registered).collect();
        reserved.sort_by_key(|one| one.reservation_id);
        assert_eq!(self.ask(ListRegistered).await.expect("listed"), reserved);
    }
}

fn registered(reservation: &Reservation) -> Registered {
    Registered {
        reservation_id: reservation.id,
        span: (reservation.slot.starts_at, reservation.slot.ends_at),
        cancelled: reservation.status == ReservationStatus::Cancelled,
        version: reservation.version,
    }
}

fn new(resource_id: Uuid, slot: Slot) -> NewReservation {
    NewReservation {
        resource_id,
        start_time: slot.starts_at,
        end_time: slot.ends_at,
        purpose: None,
        user_id: None,
        program_id: None,
        participants: Vec::new(),
    }
}

fn cancel(id: Uuid) -> CancelReservation {
    CancelReservation { id, expected_version: None, reason: None }
}

fn moved(id: Uuid, slot: Slot) -> EditReservation {
    let (start_time, end_time) = (Some(slot.starts_at), Some(slot.ends_at));
    EditReservation { id, expected_version: None, changes: ReservationChanges { start_time, end_time, purpose: None } }
}

fn codes(error: Error) -> Vec<String> {
    match error {
        Error::Broken(violations) => violations.into_iter().map(|violation| violation.code).collect(),
        other => panic!("{other:?}"),
    }
}
