//! Searching among more rooms than are read at a time.

use std::collections::BTreeSet;

use super::*;
use crate::availability::occupancy::Claim;

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

/// Short and long pieces are found by different indexes: none falls between them, whatever its length and its start.
async fn every_hold_within_the_span_is_found(scratch: Scratch) {
    let database = scratch.open();
    let (hour, tick) = (TimeDelta::hours(1), TimeDelta::microseconds(1));
    let lengths = [hour / 2, hour * 3 - tick, hour * 3, hour * 3 + tick, hour * 23, hour * 24];
    let day = slot(0, 1).starts_at;
    let claims: Vec<Claim> = (0..96 * 3)
        .flat_map(|step| {
            // Also a moment before and after each half hour.
            let starts_at = day + hour / 2 * (step / 3) + tick * (step % 3 - 1);
            lengths.map(|length| Slot { starts_at, ends_at: starts_at + length })
        })
        .map(|slot| Claim { resource_id: Ids.next(), unit: 0, slot, holder_id: Ids.next() })
        .collect();
    let stored = claims.clone();
    database.write(move |transaction| occupancy::occupy(transaction, &stored)).await.expect("stored");
    for (from, length) in [(24, hour / 2), (25, hour * 5), (30, hour * 30), (47, hour / 2), (0, hour)] {
        let span = Slot { starts_at: day + hour * from, ends_at: day + hour * from + length };
        let found = database.read(move |connection| occupancy::held_units(connection, span)).await.expect("read");
        let expected: BTreeSet<Uuid> =
            claims.iter().filter(|claim| claim.slot.overlaps(&span)).map(|claim| claim.resource_id).collect();
        assert!(!expected.is_empty());
        assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), expected, "{span:?}");
    }
}

on_each_engine!(those_further_on_are_found_as_well, every_hold_within_the_span_is_found);
