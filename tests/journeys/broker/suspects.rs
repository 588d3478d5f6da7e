//! A message that the process dies of.

use serde_json::json;

use super::planners::Planners;
use super::witness::Witness;
use super::{letters, on_own_broker};
use crate::harness::{settle, settle_within};
use std::time::Duration;

/// The first death names nobody, since many messages were on their way; three more were during its handling.
const DEATHS: usize = 4;

#[test]
fn only_the_message_that_the_process_dies_of_is_parked() {
    let Some((_broker, mut installation)) = on_own_broker(module_path!()) else { return };
    let witness = Witness::place(&installation.database_url().expect("PostgreSQL"));
    let planners = Planners::gather(&installation, 600);
    planners.fill(21, || ());
    installation.settle_events();
    // The next event takes very long, which gives the time to kill the process over it; its neighbours come after it.
    witness.run(
        "CREATE FUNCTION slow_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO witness_slow VALUES (NEW.id);
            RETURN NEW;
         END $$;
         CREATE TRIGGER slow_first AFTER INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION slow_first();",
    );
    planners.fill_on(1, || ());
    witness.run("DROP TRIGGER slow_first ON reservations");
    planners.fill_on(29, || ());
    for death in 1..=DEATHS {
        settle_within(Duration::from_secs(60), "it is being handled", || {
            let sleeping = "SELECT count(*) AS number FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
            let noted = "SELECT coalesce(max(starts), 0)::bigint AS number FROM executions";
            let noted = witness.number(noted) >= i64::try_from(death - 1).expect("a small number");
            (witness.number(sleeping) == 1 && noted).then_some(())
        });
        installation.kill();
        witness.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        installation.run();
    }
    let parked = settle("it is parked", || letters(&installation, "?reason=poison").into_iter().next());
    let slow = witness.text("SELECT id::text AS text FROM witness_slow");
    assert_eq!(parked["aggregateId"].as_str(), Some(slow.as_str()), "{parked}");
    assert!(parked["error"].as_str().expect("an error").contains("died 3 times"), "{parked}");
    settle("its neighbours are handled", || (witness.seen().len() == 50).then_some(()));
    assert_eq!(letters(&installation, "").len(), 1);

    witness.run("DELETE FROM witness_slow");
    let id = parked["id"].as_str().expect("an id");
    let administrator = installation.administrator();
    administrator.post(&format!("/admin/dead-letters/{id}/retry"), &json!({})).expect(200);
    settle("it is handled once it can be", || witness.seen().contains_key(&slow).then_some(()));
    installation.check();
    witness.compare();
}
