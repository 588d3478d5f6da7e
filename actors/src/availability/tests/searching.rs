//! Searching among more rooms than are read at a time.

use std::collections::BTreeSet;

use super::*;
use crate::availability::occupancy::Claim;
use crate::availability::rules::Request;

/// More than are read at a time, so that whoever stops too early, or goes on where nothing is left, is seen.
const ROOMS: usize = 230;

async fn those_further_on_are_found_as_well(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let profile = scene.ask(ListProfiles).await.expect("listed").into_iter().find(|one| one.resource_id == room);
    let profile = profile.expect("it is known");
    let numbered = |number: usize| {
        let mut rules = profile.rules.clone();
        // The first two hundred take nothing shorter than three hours.
        rules.min_booking_duration_minutes = if number < 200 { 180 } else { 30 };
        let (resource_id, code) = (Ids.next(), format!("R{number:03}"));
        Profile { resource_id, code, capacity: Some(10), rules, ..profile.clone() }
    };
    let profiles: Vec<Profile> = (0..ROOMS).map(numbered).collect();
    let last = profiles[ROOMS - 1].resource_id;
    let written: Result<(), database::Error> = scene
        .database
        .write(move |transaction| profiles.iter().try_for_each(|one| profile::insert(transaction, one)))
        .await;
    written.expect("written");
    scene.reserve(last, slot(2, 4)).await;

    let search = |hours: i64, limit: usize| SearchFreeResources {
        from: slot(2, 2 + hours).starts_at,
        to: slot(2, 2 + hours).ends_at,
        capacity: Some(10),
        resource_type: Some(ResourceType::Classroom),
        features: Vec::new(),
        building: None,
        limit,
    };
    let codes = async |hours, limit| -> Vec<String> {
        let found = scene.ask(search(hours, limit)).await.expect("found");
        found.into_iter().map(|one| one.code).collect()
    };
    let expected: Vec<String> = (200..ROOMS - 1).map(|number| format!("R{number:03}")).collect();
    assert_eq!(
        codes(1, 200).await,
        [expected.as_slice(), &["SA401".to_owned()]].concat(),
        "the larger room comes last"
    );
    assert_eq!(codes(1, 10).await, expected[..10]);
    let all: Vec<String> = (0..200).map(|number| format!("R{number:03}")).collect();
    assert_eq!(codes(3, 150).await, all[..150]);
}

/// One room for each number of units and each time that is kept free behind a reservation, open at all times, and one with
/// the usual rules. The largest numbers are more than our own rules allow, as another program's might be.
fn rooms(like: &Profile) -> Vec<Profile> {
    let kinds =
        [0, 1, 2, 3, u32::MAX].into_iter().flat_map(|units| [0, 30, 1_440, u32::MAX].map(|minutes| (units, minutes)));
    let room = |(max_concurrent_bookings, buffer_minutes)| {
        let business_hours_only = false;
        let custom =
            CustomRules { max_concurrent_bookings, buffer_minutes, business_hours_only, ..like.custom_rules() };
        let (resource_id, code) = (Ids.next(), format!("U{max_concurrent_bookings}B{buffer_minutes}"));
        let rules = AvailabilityRules { custom_rules: Some(custom), ..like.rules.clone() };
        Profile { resource_id, code, rules, capacity: None, ..like.clone() }
    };
    let rules = AvailabilityRules { custom_rules: None, ..like.rules.clone() };
    let usual = Profile { resource_id: Ids.next(), code: "USUAL".to_owned(), rules, capacity: None, ..like.clone() };
    kinds.map(room).chain([usual]).collect()
}

/// What holds a room: each of its units, and one that it no longer has, for random spans with random gaps.
fn held(room: &Profile, dice: &mut fastrand::Rng) -> Vec<Claim> {
    let (first, last) = (slot(-48, 0).starts_at, slot(48, 49).starts_at);
    let mut claims = Vec::new();
    for unit in 0..=room.units().min(3) {
        let mut next = first;
        while next < last {
            let starts_at = next + TimeDelta::minutes(dice.choice([0, 1, 60, 1_440, 2_880, 4_320]).expect("a gap"));
            next = starts_at + TimeDelta::minutes(dice.choice([30, 60, 181, 1_440, 2_000]).expect("a length"));
            let slot = Slot { starts_at, ends_at: next };
            claims.push(Claim { resource_id: room.resource_id, unit, slot, holder_id: Ids.next() });
        }
    }
    claims
}

/// A search offers what the rules and the guard would let pass, and nothing else.
async fn what_is_found_can_be_reserved(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let known = scene.room().await;
    let known = scene.ask(ListProfiles).await.expect("listed").into_iter().find(|one| one.resource_id == known);
    let rooms = rooms(&known.expect("it is known"));
    let mut dice = fastrand::Rng::with_seed(1);
    let claims: Vec<Vec<Claim>> = rooms.iter().map(|room| held(room, &mut dice)).collect();
    let (new, stored) = (rooms.clone(), claims.concat());
    let written: Result<(), Error> = scene
        .database
        .write(move |transaction| {
            new.iter().try_for_each(|room| profile::insert(transaction, room))?;
            occupancy::occupy(transaction, &stored)
        })
        .await;
    written.expect("written");
    let context = scene.context(Role::GeneralAdmin, USER);
    let mut counts = [0, 0];
    for (half_hour, length) in (0..48).flat_map(|start| [30, 60, 480].map(|length| (start, length))) {
        let from = slot(0, 1).starts_at + TimeDelta::minutes(30 * half_hour);
        let span = Slot { starts_at: from, ends_at: from + TimeDelta::minutes(length) };
        let can_be_reserved = |(room, claims): &(&Profile, &Vec<Claim>)| {
            let holds: Vec<_> = claims.iter().copied().flat_map(Claim::pieces).collect();
            occupancy::free_unit(&holds, span.with_buffer(room.buffer()), room.units()).is_ok()
                && Request::of(room, span, None, &context).violations().is_empty()
        };
        let expected: BTreeSet<_> =
            rooms.iter().zip(&claims).filter(can_be_reserved).map(|(room, _)| &room.code).collect();
        let sought = SearchFreeResources {
            from: span.starts_at,
            to: span.ends_at,
            capacity: None,
            resource_type: None,
            features: Vec::new(),
            building: None,
            limit: 100,
        };
        let mut found = scene.ask(sought).await.expect("found");
        found.retain(|one| one.capacity.is_none());
        assert_eq!(found.iter().map(|one| &one.code).collect::<BTreeSet<_>>(), expected, "{span:?}");
        counts = [counts[0] + expected.len(), counts[1] + rooms.len() - expected.len()];
    }
    assert!(counts.iter().all(|count| *count > 100), "free and taken: {counts:?}");
}

on_each_engine!(those_further_on_are_found_as_well, what_is_found_can_be_reserved);
