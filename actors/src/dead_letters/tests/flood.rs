//! Very many letters at once.

use std::time::{Duration, Instant};

use super::*;

/// Many letters are parked, counted, claimed and resolved in a time that grows with their number and no faster: half of
/// them wait behind one failed letter, the worst case of the order.
async fn ten_thousand_letters_are_no_trouble(scratch: Scratch) {
    const LETTERS: i64 = 10_000;
    let scene = Scene::on(&scratch);
    let begun = Instant::now();
    let parked: Result<(), database::Error> = scene
        .database
        .write(|transaction| {
            park(transaction, &parcel(1, 1), &Ids, noon())?;
            for version in 2..=LETTERS / 2 {
                let waiting = Parcel { reason: Reason::Waiting, ..due(parcel(1, version), noon()) };
                park(transaction, &waiting, &Ids, noon())?;
            }
            for number in 2..=(LETTERS / 2) + 1 {
                park(transaction, &due(parcel(number.unsigned_abs().into(), 1), noon()), &Ids, noon())?;
            }
            Ok(())
        })
        .await;
    parked.expect("parked");
    let parking = begun.elapsed();
    let statistics = scene.ask(CountDeadLetters).await.expect("statistics");
    assert_eq!(statistics.unresolved, LETTERS);
    let mut slowest = Duration::ZERO;
    let mut claimed = 0;
    loop {
        let look = Instant::now();
        let ids = scene.claim(500).await;
        slowest = slowest.max(look.elapsed());
        if ids.is_empty() {
            break;
        }
        claimed += ids.len();
        let work = move |transaction: &mut database::Transaction<'_>| {
            ids.iter().try_for_each(|id| handled(transaction, *id, noon()))
        };
        scene.database.write(work).await.expect("handled");
    }
    assert_eq!(claimed, 5_000);
    println!("{:?}: parked in {parking:?}, the slowest claim took {slowest:?}", scratch.engine());
    assert!(parking < Duration::from_secs(60) && slowest < Duration::from_secs(10), "{parking:?} {slowest:?}");
}

on_each_engine!(ten_thousand_letters_are_no_trouble);
