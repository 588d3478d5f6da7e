use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).expect("an instant")
}

fn slot(from: i64, to: i64) -> Slot {
    Slot { starts_at: at(from), ends_at: at(to) }
}

fn claim(unit: i32, slot: Slot) -> Claim {
    Claim { resource_id: Uuid::from_u128(1), unit, slot, holder_id: Uuid::from_u128(2) }
}

fn slots() -> impl Strategy<Value = Slot> {
    (0_i64..600, 1_i64..200).prop_map(|(from, length)| slot(from, from + length))
}

proptest! {
    /// The pieces of a span are the span, without gap or overlap, and none is longer than a day.
    #[test]
    fn pieces_tile_the_span(from in 0_i64..10_000, micros in 1_i64..12 * 86_400_000_000, unit in 0..5) {
        let slot = Slot { starts_at: at(from), ends_at: at(from) + TimeDelta::microseconds(micros) };
        let claim = claim(unit, slot);
        let pieces: Vec<Hold> = claim.pieces().collect();
        let mut next = slot.starts_at;
        for piece in &pieces {
            prop_assert_eq!(piece.slot().starts_at, next);
            prop_assert!(piece.slot().duration() > TimeDelta::zero());
            prop_assert!(piece.slot().duration() <= LONGEST_PIECE);
            prop_assert_eq!((piece.holder(), piece.unit), (claim.holder_id, unit));
            next = piece.slot().ends_at;
        }
        prop_assert_eq!(next, slot.ends_at);
    }

    /// A unit is found if and only if one is free throughout, and it is the first of them.
    #[test]
    fn the_first_unit_without_an_overlap_is_found(
        units in 1_i32..4,
        held in prop::collection::vec((0_i32..4, slots()), 0..8),
        wanted in slots(),
    ) {
        let held: Vec<(i32, Slot)> = held.into_iter().map(|(unit, slot)| (unit % units, slot)).collect();
        let holds: Vec<Hold> = held.iter().flat_map(|(unit, slot)| claim(*unit, *slot).pieces()).collect();
        let free = |unit: i32| (0..600 + 400).all(|minute| {
            let minute = slot(minute, minute + 1);
            !wanted.overlaps(&minute) || held.iter().all(|(other, slot)| *other != unit || !slot.overlaps(&minute))
        });
        match free_unit(&holds, wanted, units) {
            Ok(unit) => prop_assert_eq!(Some(unit), (0..units).find(|unit| free(*unit))),
            Err(conflicts) => {
                prop_assert!((0..units).all(|unit| !free(unit)));
                let in_the_way = holds.iter().filter(|hold| hold.slot().overlaps(&wanted)).count();
                prop_assert_eq!(conflicts.len(), in_the_way);
            }
        }
    }
}

#[test]
fn an_empty_span_has_no_pieces() {
    assert_eq!(claim(0, slot(5, 5)).pieces().count(), 0);
}

/// A resource that took two at once and now takes one is full with the one that is left, whichever unit that holds.
#[test]
fn a_hold_counts_although_its_unit_is_no_more() {
    let holds: Vec<Hold> = claim(1, slot(0, 60)).pieces().collect();
    assert_eq!(free_unit(&holds, slot(30, 90), 2), Ok(0));
    assert_eq!(free_unit(&holds, slot(30, 90), 1).expect_err("it is taken").len(), 1);
    assert_eq!(free_unit(&holds, slot(60, 90), 1), Ok(0));
}
