//! Everything at once: the broker is killed, frozen, cut off, starved and robbed, and the process dies three times,
//! while ten thousand reservations are made.

use std::time::{Duration, Instant};

use super::planners::Planners;
use super::witness::Witness;
use super::{bus_becomes, check, on_own_broker};
use crate::harness::{settle, settle_within};

const RESERVATIONS: usize = 10_000;
/// How long the broker is frozen.
const FROZEN: Duration = Duration::from_secs(10);

#[test]
fn nothing_is_lost_done_twice_or_out_of_order() {
    let Some((mut broker, mut installation)) = on_own_broker(module_path!()) else { return };
    let witness = Witness::place(&installation.database_url().expect("PostgreSQL"));
    let planners = Planners::gather(&installation, RESERVATIONS);
    planners.fill(RESERVATIONS, || {
        planners.wait_for(700);
        broker.kill();
        planners.wait_for(1_400);
        broker.restart();

        planners.wait_for(2_200);
        installation.kill();
        installation.run();
        planners.follow(&installation);

        planners.wait_for(3_000);
        broker.pause();
        let since = Instant::now();
        settle("it has said nothing for ten seconds", || (since.elapsed() >= FROZEN).then_some(()));
        broker.resume();

        planners.wait_for(4_000);
        broker.close_connections();

        planners.wait_for(4_800);
        broker.memory_alarm(true);
        // It says so when something is published: some of these are, after the alarm.
        planners.wait_for(5_400);
        let detail = bus_becomes(&installation, "degraded");
        println!("under the alarm: {detail}");
        planners.wait_for(5_800);
        installation.kill();
        installation.run();
        planners.follow(&installation);
        broker.memory_alarm(false);

        planners.wait_for(6_500);
        broker.delete_queue("bookly.reports");
        planners.wait_for(7_200);
        broker.delete_queue("bookly.availability");

        planners.wait_for(8_000);
        broker.kill();
        installation.kill();
        broker.restart();
        installation.run();
        planners.follow(&installation);
    });
    check(&installation);
    let taken_in = witness.compare();
    assert!(taken_in >= RESERVATIONS, "{taken_in}");
    assert_eq!(witness.number("SELECT count(*) AS number FROM outbox"), 0);
    assert_eq!(witness.number("SELECT count(*) AS number FROM dead_letters"), 0);
    settle_within(Duration::from_secs(60), "the broker's queues are empty", || {
        broker.queues().iter().all(|queue| queue.messages == 0).then_some(())
    });
    println!("{RESERVATIONS} reservations, {taken_in} events taken in once each and in order");
}
