//! The table `idempotent_requests`.

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    idempotent_requests (caller_id, key) {
        caller_id -> SqlId,
        key -> Text,
        fingerprint -> Text,
        started_at -> SqlInstant,
        status -> Nullable<Integer>,
        headers -> Nullable<SqlJson>,
        body -> Nullable<Text>,
    }
}
