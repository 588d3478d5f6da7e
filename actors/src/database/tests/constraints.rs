//! A constraint has the same name on both engines, because services tell refusals apart by it.

use uuid::Uuid;

use super::sql_types::{Id, Instant, Json, SqlId, SqlInstant, SqlJson};
use super::*;

/// Statements with the constraint that refuses each; `$1` is an id, `$2` an instant, `$3` a JSON document.
const REFUSED: [(&str, &str); 8] = [
    (
        "events_event_id_key",
        "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
         SELECT event_id, event_type, service, aggregate_type, aggregate_id, version + 1, recorded_at, data, metadata FROM events",
    ),
    ("events_version_positive", "UPDATE events SET version = 0"),
    ("categories_name_key", "INSERT INTO categories (id, name, version, created_at, updated_at) VALUES ($1, 'A', 1, $2, $2)"),
    (
        "resources_code_key",
        "INSERT INTO resources (id, code, name, type, program_ids, attributes, status, rules, version, created_at, updated_at, search_text)
         VALUES ($1, 'SA401', '', '', $3, $3, '', $3, 1, $2, $2, '')",
    ),
    (
        "users_email_key",
        "INSERT INTO users (id, email, name, password_hash, roles, active, version, created_at, updated_at, search_text)
         SELECT $1, email, name, password_hash, roles, active, version, created_at, updated_at, search_text FROM users",
    ),
    ("occupancy_order", "INSERT INTO occupancy (resource_id, unit, starts_at, ends_at, holder_id) VALUES ($1, 0, $2, $2, $1)"),
    (
        "reservations_order",
        "INSERT INTO reservations (id, resource_id, user_id, starts_at, ends_at, status, participants, created_by, cancelled_late, version, created_at, updated_at)
         SELECT $1, $1, $1, $2, $2, '', $3, $1, active, 1, $2, $2 FROM users",
    ),
    (
        "events_aggregate_id_version_key",
        "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
         SELECT $1, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata FROM events",
    ),
];

const ROWS: [&str; 4] = [
    "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
     VALUES ($1, '', '', '', $1, 1, $2, $3, $3)",
    "INSERT INTO categories (id, name, version, created_at, updated_at) VALUES ($1, 'A', 1, $2, $2)",
    "INSERT INTO resources (id, code, name, type, program_ids, attributes, status, rules, version, created_at, updated_at, search_text)
     VALUES ($1, 'SA401', '', '', $3, $3, '', $3, 1, $2, $2, '')",
    "INSERT INTO users (id, email, name, password_hash, roles, active, version, created_at, updated_at, search_text)
     VALUES ($1, 'a@b', '', '', $3, 1 = 1, 1, $2, $2, '')",
];

async fn execute(database: &Database, statement: &'static str, id: Uuid) -> Result<(), Error> {
    let uses = |mark: &str| statement.contains(mark);
    let (uses_id, uses_instant, uses_json) = (uses("$1"), uses("$2"), uses("$3"));
    database
        .write(move |transaction| {
            let at = Instant(chrono::DateTime::UNIX_EPOCH);
            let query = sql_query(statement).into_boxed::<connection::MultiBackend>();
            let query = if uses_id { query.bind::<SqlId, _>(Id(id)) } else { query };
            let query = if uses_instant { query.bind::<SqlInstant, _>(at) } else { query };
            let query = if uses_json { query.bind::<SqlJson, _>(Json(serde_json::json!([]))) } else { query };
            query.execute(transaction.connection())?;
            Ok(())
        })
        .await
}

async fn names_are_the_same(scratch: Scratch) {
    let database = scratch.open();
    for statement in ROWS {
        execute(&database, statement, Uuid::from_u128(1)).await.expect("a first row");
    }
    for (name, statement) in REFUSED {
        let refused = execute(&database, statement, Uuid::from_u128(2)).await.expect_err(name);
        assert_eq!(refused.constraint(), Some(name), "{refused:?}");
        assert!(!refused.is_transient());
    }
}

on_each_engine!(names_are_the_same);
