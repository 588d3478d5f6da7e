//! Two processes on one database and one broker: one of them is killed.

use std::time::{Duration, Instant};

use super::planners::Planners;
use super::witness::Witness;
use super::{check, on_own_broker};
use crate::harness::settle_within;

#[test]
fn the_second_process_goes_on_when_the_first_is_killed() {
    let Some((_broker, mut first)) = on_own_broker(module_path!()) else { return };
    let witness = Witness::place(&first.database_url().expect("PostgreSQL"));
    let second = first.twin();
    let planners = Planners::gather(&first, 1_200);
    let mut takeover = Duration::ZERO;
    planners.fill(1_200, || {
        planners.wait_for(400);
        // Whoever consumes dies with its work half done; requests go to the other one from now on.
        first.kill();
        let died = Instant::now();
        planners.follow(&second);
        let seen = witness.seen().len();
        settle_within(Duration::from_secs(30), "the other process takes events in", || {
            (witness.seen().len() > seen + 20).then_some(())
        });
        takeover = died.elapsed();
    });
    check(&second);
    let taken_in = witness.compare();
    println!("taken over after {takeover:?}; {taken_in} events taken in once each and in order");
    assert!(takeover < Duration::from_secs(5), "it took {takeover:?}");
}
