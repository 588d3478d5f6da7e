//! Chance that repeats itself: a stream of random numbers for each subject, all of them from one seed.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Uuid;

/// What the numbers are for: no two subjects share a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    /// The room with this number.
    Room(u32),
    /// The user with this number.
    Person(u32),
    /// The day with this number, on which resources take turns.
    Turns(u64),
    /// When the room with this number is reserved on the day with this number.
    Times(u64, u32),
    /// Who reserves it, and when they asked for it.
    Requests(u64, u32),
}

/// The stream of a subject.
pub(super) fn of(seed: u64, subject: Subject) -> Rng {
    let (kind, one, other) = match subject {
        Subject::Room(number) => (1, u64::from(number), 0),
        Subject::Person(number) => (2, u64::from(number), 0),
        Subject::Turns(day) => (3, day, 0),
        Subject::Times(day, room) => (4, day, u64::from(room)),
        Subject::Requests(day, room) => (5, day, u64::from(room)),
    };
    Rng::with_seed([kind, one, other].into_iter().fold(mixed(seed), |state, part| mixed(state ^ part)))
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): neighbours come out far apart.
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// One of several.
pub(super) fn one_of<'a, T>(random: &mut Rng, several: &'a [T]) -> Option<&'a T> {
    (!several.is_empty()).then(|| random.usize(..several.len())).and_then(|place| several.get(place))
}

/// A time between two lengths, to the microsecond.
pub(super) fn between(random: &mut Rng, least: TimeDelta, most: TimeDelta) -> TimeDelta {
    let microseconds = |length: TimeDelta| length.num_microseconds().unwrap_or(i64::MAX);
    TimeDelta::microseconds(random.i64(microseconds(least)..=microseconds(most)))
}

/// An identifier (UUID version 7) as it would have been made at this instant.
pub(super) fn id(random: &mut Rng, at: DateTime<Utc>) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_stream_repeats_itself_and_no_other() {
        let first = |seed, subject| of(seed, subject).u64(..);
        assert_eq!(first(1, Subject::Room(1)), first(1, Subject::Room(1)));
        let subjects = [Subject::Room(1), Subject::Person(1), Subject::Turns(1), Subject::Times(1, 1)];
        let more = [Subject::Requests(1, 1), Subject::Times(1, 2), Subject::Times(2, 1), Subject::Room(2)];
        let all = subjects.into_iter().chain(more);
        let numbers: BTreeSet<u64> = all.flat_map(|subject| [first(1, subject), first(2, subject)]).collect();
        assert_eq!(numbers.len(), 16);
    }

    #[test]
    fn an_identifier_tells_its_time() {
        let at: DateTime<Utc> = "2026-03-02T14:00:00.123Z".parse().expect("an instant");
        let id = id(&mut of(1, Subject::Room(1)), at);
        let (seconds, nanoseconds) = id.get_timestamp().expect("version 7").to_unix();
        assert_eq!((id.get_version_num(), DateTime::from_timestamp(seconds.cast_signed(), nanoseconds)), (7, Some(at)));
    }
}
