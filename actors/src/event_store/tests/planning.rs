//! How PostgreSQL finds what is to be claimed: a plan that is bad for a pile would only be noticed when there is one.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use super::*;
use crate::database::scratch;
use crate::database::{Engine, Location};

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The claim with numbered parameters.
fn prepare() -> String {
    let mut text =
        "PREPARE claiming(timestamptz, timestamptz, timestamptz, timestamptz, bigint, timestamptz) AS ".to_owned();
    for (number, piece) in outbox::CLAIMING_BESIDE_OTHERS.split('?').enumerate() {
        if number > 0 {
            text += &format!("${number}");
        }
        text += piece;
    }
    text
}

/// The lines of a plan that say how an aggregate's other events are found.
fn ways_within_aggregates(connection: &mut PgConnection, mode: &str, question: &str) -> Vec<String> {
    connection.batch_execute(&format!("DISCARD PLANS; SET plan_cache_mode = {mode}")).expect("set");
    let explain = format!("EXPLAIN {question}");
    let lines: Vec<Plan> = sql_query(explain).load(connection).expect("planned");
    let lines: Vec<String> = lines.into_iter().map(|plan| plan.line).collect();
    lines
        .windows(2)
        .filter(|pair| [" on outbox first", " on outbox other"].iter().any(|table| pair[0].contains(table)))
        .map(|pair| format!("{} | {}", pair[0].trim(), pair[1].trim()))
        .collect()
}

#[test]
fn an_aggregates_first_events_are_found_by_index_whatever_is_believed_of_the_outbox() {
    const CLAIM: &str = "EXECUTE claiming(now(), now(), now(), now(), 2000, now() + interval '3 seconds')";
    const FILL: &str = "
        INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
        SELECT lpad(n::text, 32, '0')::uuid, 'category.updated', 'resources-service', 'Category', lpad('7', 32, '0')::uuid, n,
            now(), '{}', '{}' FROM generate_series(1, 5000) AS n;
        INSERT INTO outbox (position, aggregate_id, due_at) SELECT position, aggregate_id, recorded_at FROM events;";
    scratch::run(Engine::Postgres, async |scratch| {
        drop(scratch.open());
        let Location::Postgres(url) = scratch.location() else { unreachable!() };
        let mut connection = PgConnection::establish(&url).expect("connected");
        connection.batch_execute(&prepare()).expect("prepared");
        // Nothing is known at first; then it is believed to be empty and is a pile; then it is known to be one.
        for belief in [&["SELECT 1"][..], &["VACUUM ANALYZE outbox", FILL], &["VACUUM ANALYZE outbox"]] {
            belief.iter().for_each(|step| connection.batch_execute(step).expect("believed"));
            for mode in ["force_generic_plan", "force_custom_plan"] {
                let claim = ways_within_aggregates(&mut connection, mode, CLAIM);
                let look = ways_within_aggregates(&mut connection, mode, outbox::NEXT_DUE);
                assert_eq!((claim.len(), look.len()), (2, 1), "after {belief:?}, {mode}: {claim:#?} {look:#?}");
                for way in claim.into_iter().chain(look) {
                    let by_index = way.contains("using outbox_aggregate") && way.contains("Index Cond");
                    assert!(by_index, "after {belief:?}, {mode}: {way}");
                }
            }
        }
    });
}
