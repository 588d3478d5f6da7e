use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::catalogue;

/// Calls `$check::<Payload>()` for the payload of each event there is.
macro_rules! for_every_payload {
    ($check:ident) => {
        for_every_payload!(@ $check
            UserRegistered UserLoggedIn UserLoggedOut PasswordChanged PasswordResetRequested RoleAssigned
            PermissionGranted TwoFactorEnabled TwoFactorDisabled TwoFactorVerificationFailed
            ResourceCreated ResourceUpdated ResourceDeleted ResourceStatusChanged ResourceCategoryChanged
            ResourceAvailabilityChanged AvailabilityRulesUpdated MaintenanceScheduled MaintenanceCompleted
            CategoryCreated CategoryUpdated
            ReservationCreated ReservationUpdated ReservationCancelled ReservationConfirmed ReservationRejected
            WaitingListAdded WaitingListNotified ScheduleConflictDetected
            ApprovalRequested ApprovalGranted ApprovalRejected DocumentGenerated CheckInCompleted CheckOutCompleted
            ReportGenerated FeedbackSubmitted DashboardUpdated)
    };
    (@ $check:ident $($Payload:ident)*) => { vec![$($check::<$Payload>()),*] };
}

fn type_of<E: Event>() -> &'static str {
    E::TYPE
}

#[test]
fn there_is_a_payload_for_each_of_the_38_events() {
    let types: BTreeSet<_> = for_every_payload!(type_of).into_iter().collect();
    assert_eq!(types.len(), 38);
    assert!(catalogue::ENTRIES.iter().all(|entry| types.contains(entry.event_type)));
}

fn round_trip<E: Event>() {
    let written = serde_json::to_value(E::example()).unwrap();
    let read: E = serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{}: {error}", E::TYPE));
    assert_eq!(serde_json::to_value(&read).unwrap(), written, "{}", E::TYPE);
    assert!(!read.aggregate_id().is_nil(), "{}", E::TYPE);
}

#[test]
fn every_example_reads_back() {
    for_every_payload!(round_trip);
}

/// Every field is optional in the schema exactly if a reader does without it.
fn schema_agrees_with_the_reader<E: Event>() {
    let schema = schemars::schema_for!(E);
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let example = serde_json::to_value(E::example()).unwrap();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap();
    for (field, property) in properties {
        assert!(example.get(field).is_some(), "{}: the example leaves out {field}", E::TYPE);
        assert!(property.get("description").is_some(), "{}: {field} is not described", E::TYPE);
        let mut without = example.clone();
        without.as_object_mut().unwrap().shift_remove(field);
        let needed = serde_json::from_value::<E>(without).is_err();
        assert_eq!(required.contains(&json!(field)), needed, "{}: {field}", E::TYPE);
    }
}

#[test]
fn every_schema_agrees_with_the_reader() {
    for_every_payload!(schema_agrees_with_the_reader);
}

#[test]
fn wire_names_are_those_that_clients_know() {
    let fields = |json: Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let deleted = serde_json::to_value(ResourceDeleted::example()).unwrap();
    assert_eq!(deleted["newStatus"], "UNAVAILABLE");
    assert_eq!(fields(deleted), "resourceId name previousStatus newStatus reason updatedBy deletedBy softDelete");
    let rules = serde_json::to_value(AvailabilityRulesUpdated::example()).unwrap();
    assert_eq!(
        fields(rules["rules"]["customRules"].clone()),
        "businessHoursOnly weekdaysOnly maxConcurrentBookings requiresConfirmation cancellationDeadlineHours bufferMinutes"
    );
    let created = serde_json::to_value(ResourceCreated::example()).unwrap();
    assert_eq!((&created["type"], &created["status"]), (&json!("LABORATORY"), &json!("AVAILABLE")));
    let failed = serde_json::to_value(TwoFactorFailure::InvalidBackupCode).unwrap();
    assert_eq!(failed, "invalid_backup_code");
}

#[test]
fn absent_options_are_left_out() {
    let event = UserLoggedIn { ip: None, user_agent: None, ..UserLoggedIn::example() };
    assert_eq!(serde_json::to_value(event).unwrap().as_object().unwrap().len(), 2);
}

#[test]
fn opening_hours_are_hours_and_minutes() {
    let schedule = serde_json::to_value(WeeklySchedule::default()).unwrap();
    assert_eq!((&schedule["opensAt"], &schedule["closesAt"]), (&json!("06:00"), &json!("22:00")));
    let read = |time: &str| {
        serde_json::from_value::<WeeklySchedule>(
            json!({"weekdays": ["MONDAY"], "opensAt": time, "closesAt": "22:00:30"}),
        )
    };
    assert_eq!(serde_json::to_value(read("07:15").unwrap()).unwrap()["closesAt"], "22:00:30");
    for wrong in ["24:00", "7", "noon", "07:60", ""] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_conflict_has_an_id_of_its_own_and_the_same_one_each_time() {
    let conflict = ScheduleConflictDetected::example();
    assert_eq!(conflict.aggregate_id(), ScheduleConflictDetected::example().aggregate_id());
    assert_ne!(conflict.aggregate_id(), conflict.resource_id);
    let original = ScheduleConflictDetected { conflict_id: None, ..conflict };
    assert_eq!(original.aggregate_id(), original.aggregate_id());
    let later = ScheduleConflictDetected { detected_at: example::at("09:01"), ..original.clone() };
    assert_ne!(original.aggregate_id(), later.aggregate_id());
}

#[test]
fn a_permission_belongs_to_the_user_or_the_role() {
    let mut granted = PermissionGranted::example();
    assert_eq!(granted.aggregate_type(), "Role");
    granted.target_type = PermissionTarget::User;
    assert_eq!(granted.aggregate_type(), "User");
}

#[test]
fn closed_means_maintenance_or_unavailable() {
    use ResourceStatus::{Available, Maintenance, Reserved, Unavailable};
    let closed = [Available, Reserved, Maintenance, Unavailable].map(ResourceStatus::is_closed);
    assert_eq!(closed, [false, false, true, true]);
}

#[test]
fn weekdays_follow_the_calendar() {
    let names = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    for (day, name) in (0_u8..7).zip(names) {
        let day = Weekday::from(chrono::Weekday::try_from(day).unwrap());
        assert_eq!(serde_json::to_value(day).unwrap(), name);
    }
}
