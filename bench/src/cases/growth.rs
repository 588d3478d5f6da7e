//! The same work with more stored.

mod scene;

use super::Case;
use crate::figures::{Reach, Row};
use crate::servers::Servers;
use crate::{Outcome, Scale};

use scene::{Scene, asking, delivering};

/// The case.
pub const CASE: Case = Case {
    name: "growth",
    question: "How much slower is Bookly with more reservations stored?",
    method: "The same Bookly on PostgreSQL with Redis, with as many stored reservations of 1,000 rooms as named; the reference \
        is the smallest number of them. Each round goes through all of them. Booking: 16 connections, rooms of their own, the broker not there. Searching: one \
        connection, the median. Delivering: 5,000 events that were handled before are put into the outbox again, from then \
        until it is empty, within the process. The coming 30 days hold more and more until half of their time is taken, at some \
        400,000; from there on it is history that grows. PostgreSQL has vacuumed and \
        analysed what was filled in. `--largest N` goes further.",
    measure,
};

/// The most that a time may be of that with the smallest.
const MOST: f64 = 1.3;
const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 5_000_000];

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let sizes =
        if scale.smoke { vec![100, 1_000] } else { SIZES.into_iter().filter(|size| *size <= scale.largest).collect() };
    let scenes: Vec<Scene<'_>> = sizes.iter().map(|size| Scene::set(servers, scale, *size)).collect::<Outcome<_>>()?;
    let (booking, search) = asking(&scenes)?;
    let delivering = delivering(&scenes)?;
    let larger = sizes.iter().enumerate().skip(1);
    Ok(larger
        .flat_map(|(nth, size)| {
            [("a booking", &booking), ("a search", &search), ("delivering", &delivering)].map(|(what, times)| {
                let row = Row::beside(format!("{what}, {size} stored"), "ms", times[nth].clone(), times[0].clone());
                row.wanted(Reach::RatioAtMost(MOST))
            })
        })
        .collect())
}
