//! The tables of the event store.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    events (position) {
        position -> BigInt,
        event_id -> SqlId,
        event_type -> Text,
        service -> Text,
        aggregate_type -> Text,
        aggregate_id -> SqlId,
        version -> BigInt,
        recorded_at -> SqlInstant,
        data -> SqlJson,
        metadata -> SqlJson,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    outbox (position) {
        position -> BigInt,
        aggregate_id -> SqlId,
        attempts -> Integer,
        due_at -> SqlInstant,
        claimed_until -> Nullable<SqlInstant>,
        last_error -> Nullable<Text>,
        claims -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    inbox (consumer, event_id) {
        consumer -> Text,
        event_id -> SqlId,
        handled_at -> SqlInstant,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    executions (consumer, event_id) {
        consumer -> Text,
        event_id -> SqlId,
        starts -> Integer,
        started_at -> SqlInstant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(events, outbox, inbox);
