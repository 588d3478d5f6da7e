//! One event that cannot be handled, in front of a thousand that can.

use serde_json::json;

use super::planners::Planners;
use super::witness::Witness;
use super::{check, letters, on_own_broker};
use crate::harness::{Installation, settle};

const HEALTHY: usize = 1_000;

/// How long events took from their commit to their effect, in milliseconds: the 99th percentile.
fn p99(witness: &Witness, first: i64) -> i64 {
    witness.number(&format!(
        "SELECT (percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM s.at - e.recorded_at) * 1000))::bigint AS number
         FROM witness_seen s JOIN events e ON e.aggregate_id = s.id AND e.version = s.version WHERE s.number > {first}"
    ))
}

#[test]
fn the_healthy_ones_pass_and_what_belongs_to_it_waits() {
    let Some((_broker, installation)) = on_own_broker(module_path!()) else { return };
    let witness = Witness::place(&installation.database_url().expect("PostgreSQL"));
    let planners = Planners::gather(&installation, 2 * HEALTHY + 600);
    planners.fill(HEALTHY, || ());
    check(&installation);
    let without = p99(&witness, 0);
    let seen = witness.number("SELECT max(number) AS number FROM witness_seen");

    let poison = reserve(&installation);
    planners.fill_on(HEALTHY, || ());
    settle("every healthy event is handled", || {
        let handled = witness.seen();
        (handled.len() == 2 * HEALTHY).then_some(())
    });
    let with = p99(&witness, seen);
    println!("p99 from commit to effect: {without} ms without the poison, {with} ms with it");

    let failed = settle("it has had its attempts", || letters(&installation, "?state=failed").into_iter().next());
    assert_eq!((failed["consumer"].as_str(), failed["aggregateId"].as_str()), (Some("reports"), Some(poison.as_str())));
    let id = failed["id"].as_str().expect("an id");
    let administrator = installation.administrator();
    let shown = administrator.get(&format!("/admin/dead-letters/{id}")).expect(200);
    // Three in place, then three that the policy scheduled.
    assert_eq!(shown["attempts"].as_array().expect("attempts").len(), 6, "{shown}");
    assert!(shown["error"].as_str().expect("an error").contains("on purpose"), "{shown}");

    for number in 1..=3 {
        let body = json!({"purpose": format!("edit {number}")});
        administrator.patch(&format!("/reservations/{poison}"), &body).expect(200);
    }
    let behind = settle("later events wait behind it", || {
        Some(letters(&installation, "?reason=waiting")).filter(|waiting| waiting.len() == 3)
    });
    assert!(behind.iter().all(|letter| letter["state"] == "pending"), "{behind:?}");
    assert!(!witness.seen().contains_key(&poison));

    witness.unblock_all();
    administrator.post(&format!("/admin/dead-letters/{id}/retry"), &json!({})).expect(200);
    check(&installation);
    settle("they are released in order", || (witness.seen().get(&poison)? == &[1, 2, 3, 4]).then_some(()));
    settle("nothing is left", || letters(&installation, "?state=pending").is_empty().then_some(()));
}

/// A reservation whose events the reports cannot handle.
fn reserve(installation: &Installation) -> String {
    let administrator = installation.administrator();
    let witness = Witness::looking_at(&installation.database_url().expect("PostgreSQL"));
    let room = json!({"code": "POISON", "name": "Room", "type": "CLASSROOM"});
    let room = administrator.post("/resources", &room).expect(201)["id"].as_str().expect("an id").to_owned();
    installation.settle_events();
    // Blocked before it is made: the trigger knows the room.
    witness.run(&format!(
        "CREATE FUNCTION block_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.resource_id = '{room}' THEN INSERT INTO witness_blocked VALUES (NEW.id) ON CONFLICT DO NOTHING; END IF;
            RETURN NEW;
         END $$;
         CREATE TRIGGER block_room AFTER INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION block_room();"
    ));
    let start = crate::journeys::crowd::next_monday() + chrono::TimeDelta::hours(8);
    let body = json!({"resourceId": room, "startTime": start, "endTime": start + chrono::TimeDelta::hours(1)});
    administrator.post("/reservations", &body).expect(201)["id"].as_str().expect("an id").to_owned()
}
