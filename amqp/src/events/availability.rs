//! What happens to reservations, waiting lists and schedules.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Event, Fields, TimeSlot, event, example};
use crate::service::Service;

/// A resource is reserved: asked for singly, in a series, by import, or taken from the waiting list.
///
/// The reservation is `PENDING` when it requires approval and `CONFIRMED` otherwise; either way the time is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationCreated {
    /// The new reservation.
    pub reservation_id: Uuid,
    /// The reserved resource.
    pub resource_id: Uuid,
    /// Who holds the reservation.
    pub user_id: Uuid,
    /// When it starts.
    pub start_time: DateTime<Utc>,
    /// When it ends; that instant is free for the next reservation.
    pub end_time: DateTime<Utc>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Who asked for it; another than `userId` when it was made on behalf of someone.
    pub created_by: Uuid,
    /// The recurring series it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Uuid>,
    /// The academic program it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_id: Option<Uuid>,
    /// Its length in minutes, without buffers.
    pub duration_minutes: u32,
    /// The users who take part, besides the one it is for. An addition to the original payload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<Uuid>,
    /// Whether a person must approve it before it is confirmed.
    pub requires_approval: bool,
}

event!(ReservationCreated = "reservation.created", Reservation by reservation_id, Availability, {
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    start_time: example::at("14:00"),
    end_time: example::at("16:00"),
    purpose: Some("Interference experiment".to_owned()),
    created_by: example::USER,
    series_id: Some(example::SERIES),
    program_id: Some(example::PROGRAM),
    duration_minutes: 120,
    participants: vec![example::STAFF],
    requires_approval: true,
});

/// A reservation was moved, edited or reassigned to another resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationUpdated {
    /// The reservation.
    pub reservation_id: Uuid,
    /// Its resource. An addition to the original payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Uuid>,
    /// Who holds it. An addition to the original payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// The fields that changed, by their wire names in `reservation.created`, with their new values; `null` when
    /// cleared. Of a reservation that was moved both times are here, also when one of them stayed as it was.
    pub changes: Fields,
    /// The values of the same fields before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_values: Option<Fields>,
    /// Who changed it; the nil UUID when it was not a person.
    pub updated_by: Uuid,
}

event!(ReservationUpdated = "reservation.updated", Reservation by reservation_id, Availability, {
    reservation_id: example::RESERVATION,
    resource_id: Some(example::RESOURCE),
    user_id: Some(example::USER),
    changes: example::fields([
        ("startTime", json!("2026-03-02T14:00:00Z")),
        ("endTime", json!("2026-03-02T17:00:00Z")),
    ]),
    previous_values: Some(example::fields([
        ("startTime", json!("2026-03-02T14:00:00Z")),
        ("endTime", json!("2026-03-02T16:00:00Z")),
    ])),
    updated_by: example::USER,
});

/// A reservation was cancelled: by somebody, because its resource was deleted or closed, or because nobody came.
/// Its time is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationCancelled {
    /// The reservation.
    pub reservation_id: Uuid,
    /// The resource that is free again.
    pub resource_id: Uuid,
    /// Who held the reservation.
    pub user_id: Uuid,
    /// When it would have started.
    pub start_time: DateTime<Utc>,
    /// When it would have ended.
    pub end_time: DateTime<Utc>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who cancelled it, or whose action made it necessary; the nil UUID when it was not a person.
    pub cancelled_by: Uuid,
    /// Whether the deadline for free cancellation had passed.
    pub late: bool,
}

event!(ReservationCancelled = "reservation.cancelled", Reservation by reservation_id, Availability, {
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    start_time: example::at("14:00"),
    end_time: example::at("16:00"),
    reason: Some("The experiment was postponed".to_owned()),
    cancelled_by: example::USER,
    late: false,
});

/// A reservation that waited for approval is confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationConfirmed {
    /// The reservation.
    pub reservation_id: Uuid,
    /// The reserved resource.
    pub resource_id: Uuid,
    /// Who holds the reservation.
    pub user_id: Uuid,
    /// When it starts.
    pub start_time: DateTime<Utc>,
    /// When it ends.
    pub end_time: DateTime<Utc>,
    /// Who approved it; the nil UUID when a rule did.
    pub confirmed_by: Uuid,
    /// When it was confirmed.
    pub confirmed_at: DateTime<Utc>,
}

event!(ReservationConfirmed = "reservation.confirmed", Reservation by reservation_id, Availability, {
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    start_time: example::at("14:00"),
    end_time: example::at("16:00"),
    confirmed_by: example::STAFF,
    confirmed_at: example::at("09:30"),
});

/// A reservation that waited for approval was rejected, or waited too long. Its time is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationRejected {
    /// The reservation.
    pub reservation_id: Uuid,
    /// The resource that is free again.
    pub resource_id: Uuid,
    /// Who held the reservation.
    pub user_id: Uuid,
    /// Why it was rejected.
    pub reason: String,
    /// Who rejected it; the nil UUID when the time for approval ran out.
    pub rejected_by: Uuid,
}

event!(ReservationRejected = "reservation.rejected", Reservation by reservation_id, Availability, {
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    reason: "The laboratory needs a supervisor at that time".to_owned(),
    rejected_by: example::STAFF,
});

/// Somebody waits for a time that is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingListAdded {
    /// The place on the waiting list.
    pub waiting_list_id: Uuid,
    /// The resource that is wanted.
    pub resource_id: Uuid,
    /// Who waits.
    pub user_id: Uuid,
    /// When the wanted time starts.
    pub requested_start_time: DateTime<Utc>,
    /// When the wanted time ends.
    pub requested_end_time: DateTime<Utc>,
    /// A higher number is served first; equal ones in the order in which they came.
    pub priority: i32,
}

event!(WaitingListAdded = "waiting_list.added", WaitingList by waiting_list_id, Availability, {
    waiting_list_id: example::WAITING_LIST,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    requested_start_time: example::at("14:00"),
    requested_end_time: example::at("16:00"),
    priority: 1,
});

/// The wanted time became free and is held for the first in line, who must accept before the hold expires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingListNotified {
    /// The place on the waiting list.
    pub waiting_list_id: Uuid,
    /// The resource that is held.
    pub resource_id: Uuid,
    /// For whom it is held.
    pub user_id: Uuid,
    /// The time that is held.
    pub available_slot: TimeSlot,
    /// When the hold began.
    pub notified_at: DateTime<Utc>,
    /// When the hold ends and the next in line is asked.
    pub expires_at: DateTime<Utc>,
}

event!(WaitingListNotified = "waiting_list.notified", WaitingList by waiting_list_id, Availability, {
    waiting_list_id: example::WAITING_LIST,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    available_slot: TimeSlot { start_time: example::at("14:00"), end_time: example::at("16:00") },
    notified_at: example::at("10:00"),
    expires_at: example::at("10:10"),
});

/// Live reservations stand where they no longer can: a closure or maintenance overlaps them, or an import collides
/// with them. People must decide; nothing was cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleConflictDetected {
    /// The conflict. An addition to the original payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict_id: Option<Uuid>,
    /// The resource.
    pub resource_id: Uuid,
    /// The reservations that are in conflict.
    pub conflicting_reservations: Vec<Uuid>,
    /// The time in question; when a closure has no end yet, up to the end of the last of these reservations.
    pub time_slot: TimeSlot,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// What they are in conflict with.
    pub reason: String,
}

impl Event for ScheduleConflictDetected {
    const TYPE: &'static str = "schedule.conflict.detected";
    const AGGREGATE: &'static str = "ScheduleConflict";
    const PRODUCER: Service = Service::Availability;

    fn example() -> Self {
        Self {
            conflict_id: Some(example::CONFLICT),
            resource_id: example::RESOURCE,
            conflicting_reservations: vec![example::RESERVATION],
            time_slot: TimeSlot { start_time: example::at("13:00"), end_time: example::at("17:00") },
            detected_at: example::at("09:00"),
            reason: "The resource is closed for maintenance".to_owned(),
        }
    }

    /// The conflict's identifier. A publisher that knows only the original payload gives none: it is then a name-based
    /// UUID (RFC 9562, version 5) of resource, time and moment of detection.
    fn aggregate_id(&self) -> Uuid {
        if let Some(id) = self.conflict_id {
            return id;
        }
        let instants = [self.time_slot.start_time, self.time_slot.end_time, self.detected_at];
        let name = instants.map(|instant| instant.to_rfc3339_opts(SecondsFormat::Micros, true)).join("/");
        Uuid::new_v5(&self.resource_id, name.as_bytes())
    }
}
