use chrono::TimeDelta;

use super::super::model::ReservationEvent;
use super::*;
use crate::access::Role;
use crate::event_store::Aggregate;
use amqp::events::{Event, ReservationCreated};

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

fn reservation(from: i64, to: i64) -> Reservation {
    let created = ReservationCreated { start_time: at(from), end_time: at(to), ..ReservationCreated::example() };
    Reservation::apply(None, 1, at(0), &ReservationEvent::from(created)).expect("a reservation")
}

#[test]
fn what_has_ended_since_is_left_out() {
    let read = ActiveReservations { items: vec![reservation(1, 5), reservation(2, 3), reservation(4, 6)], more: false };
    let ends = |now| read.clone().at(at(now)).map(|items| items.iter().map(|one| one.slot.ends_at).collect::<Vec<_>>());
    assert_eq!(ends(2), Some(vec![at(5), at(3), at(6)]));
    assert_eq!(ends(3), Some(vec![at(5), at(6)]), "half open: at its end it has ended");
    assert_eq!(ends(9), Some(vec![]));
}

#[test]
fn a_cut_list_with_a_gap_is_read_anew() {
    let read = ActiveReservations { items: vec![reservation(1, 2), reservation(2, 3)], more: true };
    assert_eq!(read.clone().at(at(1)).map(|items| items.len()), Some(2));
    assert_eq!(read.at(at(2)), None);
}

#[test]
fn a_list_is_the_same_when_it_comes_out_of_the_cache() {
    for cancelled_late in [false, true] {
        let one = Reservation { cancelled_late, series_id: None, purpose: None, ..reservation(1, 2) };
        let read = ActiveReservations { items: vec![one, reservation(3, 4)], more: cancelled_late };
        let text = serde_json::to_string(&read).expect("JSON");
        assert_eq!(serde_json::from_str::<ActiveReservations>(&text).expect("a list"), read);
    }
}

#[test]
fn others_lists_need_a_permission() {
    let caller = |role, user_id| {
        let anonymous = Caller::anonymous(user_id, None);
        Caller { user_id: Some(user_id), ..anonymous.in_roles([role].into()) }
    };
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let query = ListActive { user_id: one };
    assert!(query.admits(&caller(Role::Student, one)).is_ok());
    assert!(query.admits(&caller(Role::Security, other)).is_ok());
    for role in [Role::Student, Role::Teacher] {
        assert!(matches!(query.admits(&caller(role, other)), Err(Error::Forbidden(_))));
    }
}
