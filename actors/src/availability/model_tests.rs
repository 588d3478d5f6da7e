use proptest::prelude::*;

use super::*;
use crate::clock::bounded;
use crate::event_store::{AggregateEvent, fold};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).expect("an instant")
}

fn slot(from: i64, to: i64) -> Slot {
    Slot { starts_at: at(from), ends_at: at(to) }
}

fn creation(slot: Slot, requires_approval: bool) -> ReservationCreated {
    ReservationCreated {
        reservation_id: Uuid::from_u128(1),
        resource_id: Uuid::from_u128(2),
        user_id: Uuid::from_u128(3),
        start_time: slot.starts_at,
        end_time: slot.ends_at,
        purpose: Some("seminar".to_owned()),
        created_by: Uuid::from_u128(4),
        series_id: None,
        program_id: Some(Uuid::from_u128(5)),
        duration_minutes: 60,
        participants: vec![Uuid::from_u128(6)],
        requires_approval,
    }
}

fn reservation(from: i64, to: i64) -> Reservation {
    Reservation::apply(None, 1, at(0), &creation(slot(from, to), false).into()).expect("created")
}

/// What somebody may try with a reservation, a while after the last try.
#[derive(Debug, Clone)]
enum Attempt {
    Edit { slot: Slot, purpose: Option<String> },
    Cancel { deadline: TimeDelta },
}

fn slots() -> impl Strategy<Value = Slot> {
    (-500_i64..500, 1_i64..300, 0_i64..60_000_000)
        .prop_map(|(from, length, micros)| slot(from, from + length).moved(TimeDelta::microseconds(micros)))
}

fn attempts() -> impl Strategy<Value = Vec<(i64, Attempt)>> {
    let edit = (slots(), prop::option::of(".{0,8}")).prop_map(|(slot, purpose)| Attempt::Edit { slot, purpose });
    let cancel = (0_i64..300).prop_map(|minutes| Attempt::Cancel { deadline: TimeDelta::minutes(minutes) });
    prop::collection::vec((0_i64..200, prop_oneof![4 => edit, 1 => cancel]), 0..12)
}

proptest! {
    /// Whatever is decided, the state is the fold of the decisions, also after they travelled as JSON.
    #[test]
    fn the_state_is_the_fold_of_its_events(first in slots(), approval: bool, attempts in attempts()) {
        let mut now = at(-600);
        let mut events: Vec<(DateTime<Utc>, ReservationEvent)> = vec![(now, creation(first, approval).into())];
        let mut state = Reservation::apply(None, 1, now, &events[0].1).expect("created");
        for (pause, attempt) in attempts {
            now += TimeDelta::minutes(pause);
            let decided: Option<ReservationEvent> = match attempt {
                Attempt::Edit { slot, purpose } => {
                    state.edit(now, slot, purpose.as_deref(), Uuid::nil()).ok().flatten().map(Into::into)
                }
                Attempt::Cancel { deadline } => {
                    state.cancel(now, deadline, Some("why".to_owned()), Uuid::nil()).ok().map(Into::into)
                }
            };
            let Some(event) = decided else { continue };
            let version = state.version + 1;
            state = Reservation::apply(Some(state), version, now, &event).expect("a decision can be applied");
            events.push((now, event));
        }
        let history: Vec<_> = (1..).zip(&events).map(|(version, (at, event))| envelope(version, *at, event)).collect();
        prop_assert_eq!(state.version, i64::try_from(history.len()).expect("few"));
        prop_assert_eq!(fold::<Reservation>(&history), Ok(Some(state)));
    }

    /// Overlap is the same from both sides, and is having an instant in common.
    #[test]
    fn overlap_is_symmetric_and_half_open(a in slots(), b in slots()) {
        let common = a.starts_at.max(b.starts_at) < a.ends_at.min(b.ends_at);
        prop_assert_eq!(a.overlaps(&b), common);
        prop_assert_eq!(b.overlaps(&a), common);
        prop_assert!(a.overlaps(&a));
        let behind = a.moved(a.duration());
        prop_assert!(!a.overlaps(&behind), "its end is free again");
        prop_assert!(a.with_buffer(TimeDelta::microseconds(1)).overlaps(&behind));
    }
}

fn envelope(version: i64, timestamp: DateTime<Utc>, event: &ReservationEvent) -> amqp::Envelope {
    let envelope = amqp::Envelope {
        event_id: Uuid::nil(),
        event_type: event.event_type().to_owned(),
        service: event.producer().wire_name().to_owned(),
        timestamp,
        aggregate_id: event.aggregate_id(),
        aggregate_type: event.aggregate_type().to_owned(),
        version,
        data: event.data(),
        metadata: amqp::Metadata::new(Uuid::nil()),
    };
    serde_json::from_value(serde_json::to_value(envelope).expect("json")).expect("an envelope")
}

#[test]
fn what_needs_an_approval_is_pending_and_holds_the_resource() {
    let state = Reservation::apply(None, 1, at(0), &creation(slot(60, 120), true).into()).expect("created");
    assert_eq!(state.status, ReservationStatus::Pending);
    assert!(state.status.is_live());
    assert_eq!(reservation(60, 120).status, ReservationStatus::Confirmed);
}

#[test]
fn a_cancellation_is_late_from_the_deadline_on() {
    let reservation = reservation(600, 660);
    let late = |now: DateTime<Utc>| {
        reservation.cancel(now, TimeDelta::minutes(300), None, Uuid::nil()).expect("it may be cancelled").late
    };
    assert!(!late(at(300)), "the deadline itself is in time");
    assert!(late(at(300) + TimeDelta::microseconds(1)));
    assert!(late(at(601)), "it has begun, and what is left may be given back");
}

#[test]
fn what_is_over_or_not_live_stays_as_it_is() {
    let reservation = reservation(60, 120);
    let cancel = |state: &Reservation, now| state.cancel(now, TimeDelta::zero(), None, Uuid::nil());
    assert!(cancel(&reservation, at(120)).is_err(), "half open: at its end it is over");
    let cancelled = cancel(&reservation, at(0)).expect("in time").into();
    let cancelled = Reservation::apply(Some(reservation), 2, at(0), &cancelled).expect("cancelled");
    assert_eq!((cancelled.status, cancelled.version), (ReservationStatus::Cancelled, 2));
    assert!(cancel(&cancelled, at(0)).expect_err("twice").contains("CANCELLED"));
    assert!(cancelled.edit(at(0), slot(200, 260), None, Uuid::nil()).is_err());
}

#[test]
fn an_edit_names_what_changes_and_what_it_was() {
    let reservation = reservation(60, 120);
    let edit = |now, slot, purpose: Option<&str>| reservation.edit(now, slot, purpose, Uuid::nil());
    assert_eq!(edit(at(0), slot(60, 120), None), Ok(None));
    assert_eq!(edit(at(0), slot(60, 120), Some("seminar")), Ok(None), "the same purpose is no change");
    let event = edit(at(0), slot(60, 180), None).expect("may be moved").expect("a change");
    let times = [("endTime", at(180)), ("startTime", at(60))].map(|(field, at)| (field.to_owned(), json!(at)));
    assert_eq!(event.changes, times.into(), "both times, whichever moved");
    let times = [("endTime", at(120)), ("startTime", at(60))].map(|(field, at)| (field.to_owned(), json!(at)));
    assert_eq!(event.previous_values, Some(times.into()));
    assert_eq!((event.resource_id, event.user_id), (Some(reservation.resource_id), Some(reservation.user_id)));
    let event = edit(at(0), slot(60, 120), Some("thesis")).expect("may be changed").expect("a change");
    assert_eq!(event.changes.keys().collect::<Vec<_>>(), ["purpose"]);
    assert!(edit(at(60), slot(60, 180), None).is_err(), "it has begun");
    assert!(edit(at(60), slot(60, 120), Some("thesis")).is_ok(), "its purpose may still be corrected");
}

#[test]
fn a_history_begins_with_one_creation() {
    let created: ReservationEvent = creation(slot(60, 120), false).into();
    assert!(Reservation::apply(Some(reservation(60, 120)), 2, at(0), &created).is_err());
    let cancelled = reservation(60, 120).cancel(at(0), TimeDelta::zero(), None, Uuid::nil()).expect("cancelled");
    assert!(Reservation::apply(None, 1, at(0), &cancelled.into()).is_err());
}

#[test]
fn words_of_statuses_are_read_back() {
    for status in ReservationStatus::ALL {
        assert_eq!(status.word().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).expect("json"), status.word());
    }
    assert!("LIVE".parse::<ReservationStatus>().is_err());
}

#[test]
fn a_slot_is_as_exact_as_it_can_be_stored() {
    let fine = DateTime::from_timestamp(1_800_000_000, 123_456_789).expect("an instant");
    let slot = Slot::new(fine, fine + TimeDelta::nanoseconds(1_000));
    assert_eq!((slot.starts_at, slot.duration()), (bounded(fine), TimeDelta::microseconds(1)));
}

#[test]
fn instants_are_kept_within_what_both_engines_store() {
    let ends = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC].map(bounded).map(|at| at.to_rfc3339());
    assert_eq!(ends, ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"]);
    let fine = at(0) + TimeDelta::nanoseconds(1_500);
    assert_eq!(bounded(fine), at(0) + TimeDelta::microseconds(1));
}
