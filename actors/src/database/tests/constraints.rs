//! A constraint has the same name on both engines, because services tell refusals apart by it.

use uuid::Uuid;

use super::*;

/// Statements with the constraint that refuses each: `ID`, `AT` and `DOC` stand for values of those types.
const REFUSED: [(&str, &str); 8] = [
    (
        "events_event_id_key",
        "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
         SELECT event_id, event_type, service, aggregate_type, aggregate_id, version + 1, recorded_at, data, metadata FROM events",
    ),
    ("events_version_positive", "update events SET version = 0"),
    ("categories_name_key", "INSERT INTO categories (id, name, version, created_at, updated_at) VALUES (ID, 'A', 1, AT, AT)"),
    (
        "resources_code_key",
        "INSERT INTO resources (id, code, name, type, program_ids, attributes, status, rules, version, created_at, updated_at, search_text)
         VALUES (ID, 'SA401', '', '', DOC, DOC, '', DOC, 1, AT, AT, '')",
    ),
    (
        "users_email_key",
        "INSERT INTO users (id, email, name, password_hash, roles, active, version, created_at, updated_at, search_text)
         SELECT ID, email, name, password_hash, roles, active, version, created_at, updated_at, search_text FROM users",
    ),
    ("occupancy_order", "INSERT INTO occupancy (resource_id, unit, starts_at, ends_at, holder_id) VALUES (ID, 0, AT, AT, ID)"),
    (
        "reservations_order",
        "INSERT INTO reservations (id, resource_id, user_id, starts_at, ends_at, status, participants, created_by, cancelled_late, version, created_at, updated_at)
         SELECT ID, ID, ID, AT, AT, '', DOC, ID, active, 1, AT, AT FROM users",
    ),
    (
        "events_aggregate_id_version_key",
        "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
         SELECT ID, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata FROM events",
    ),
];

const ROWS: [&str; 4] = [
    "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at, data, metadata)
     VALUES (ID, '', '', '', ID, 1, AT, DOC, DOC)",
    "INSERT INTO categories (id, name, version, created_at, updated_at) VALUES (ID, 'A', 1, AT, AT)",
    "INSERT INTO resources (id, code, name, type, program_ids, attributes, status, rules, version, created_at, updated_at, search_text)
     VALUES (ID, 'SA401', '', '', DOC, DOC, '', DOC, 1, AT, AT, '')",
    "INSERT INTO users (id, email, name, password_hash, roles, active, version, created_at, updated_at, search_text)
     VALUES (ID, 'a@b', '', '', DOC, 1 = 1, 1, AT, AT, '')",
];

async fn execute(database: &Database, statement: &'static str, id: Uuid) -> Result<(), Error> {
    let (id, at, document) = match database.engine() {
        Engine::Postgres => (format!("'{id}'"), "'1970-01-01'", "'[]'"),
        Engine::Sqlite => (format!("x'{}'", id.simple()), "0", "'[]'"),
    };
    let statement = statement.replace("ID", &id).replace("AT", at).replace("DOC", document);
    database.write(move |transaction| Ok(transaction.connection().batch_execute(&statement)?)).await
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
