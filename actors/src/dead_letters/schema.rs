//! The tables of dead letters.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    dead_letters (id) {
        sequence -> BigInt,
        id -> SqlId,
        consumer -> Text,
        event_id -> Nullable<SqlId>,
        event_type -> Nullable<Text>,
        aggregate_id -> Nullable<SqlId>,
        version -> Nullable<BigInt>,
        ordered -> Bool,
        bytes -> Binary,
        edited -> Nullable<Binary>,
        reason -> Text,
        error -> Text,
        attempts -> SqlJson,
        failures -> Integer,
        state -> Text,
        due_at -> Nullable<SqlInstant>,
        claimed_until -> Nullable<SqlInstant>,
        by_operator -> Bool,
        bulk_id -> Nullable<SqlId>,
        fingerprint -> Text,
        resolution -> Nullable<Text>,
        parked_at -> SqlInstant,
        updated_at -> SqlInstant,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    dead_letter_operations (id) {
        id -> SqlId,
        dead_letter_id -> Nullable<SqlId>,
        bulk_id -> Nullable<SqlId>,
        operation -> Text,
        actor -> Nullable<SqlId>,
        reason -> Nullable<Text>,
        detail -> Nullable<SqlJson>,
        at -> SqlInstant,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    bulk_retries (id) {
        id -> SqlId,
        filter -> SqlJson,
        per_second -> Integer,
        state -> Text,
        matched -> BigInt,
        retried -> BigInt,
        resolved -> BigInt,
        failed_again -> BigInt,
        canary_id -> Nullable<SqlId>,
        detail -> Nullable<Text>,
        started_by -> Nullable<SqlId>,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
        advanced_at -> SqlInstant,
    }
}
