//! Notes that the database itself takes of when things happened in it.
//!
//! What is written is noted by a constraint trigger that is deferred, which PostgreSQL fires when everything else of the
//! transaction is done and nothing of its commit.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Double, Nullable};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::Outcome;
use crate::postgres::number;

const TRIGGERS: &str = "
CREATE UNLOGGED TABLE bench_commits (position bigint NOT NULL, at timestamptz NOT NULL);
CREATE UNLOGGED TABLE bench_confirms (position bigint NOT NULL, at timestamptz NOT NULL);
CREATE UNLOGGED TABLE bench_effects (reservation_id uuid NOT NULL, at timestamptz NOT NULL);

CREATE FUNCTION bench_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO bench_commits VALUES (NEW.position, clock_timestamp());
    RETURN NULL;
END $$;
CREATE FUNCTION bench_confirm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO bench_confirms SELECT position, clock_timestamp() FROM gone;
    RETURN NULL;
END $$;
CREATE FUNCTION bench_effect() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO bench_effects VALUES (NEW.reservation_id, clock_timestamp());
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER bench_commit AFTER INSERT ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_commit();
CREATE TRIGGER bench_confirm AFTER DELETE ON outbox
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION bench_confirm();
CREATE CONSTRAINT TRIGGER bench_effect AFTER INSERT ON report_reservations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_effect();
";

/// Has a database take notes from now on.
///
/// # Errors
/// When a statement fails.
pub fn observe(connection: &mut PgConnection) -> Outcome {
    Ok(connection.batch_execute(TRIGGERS)?)
}

/// The position of the last event.
///
/// # Errors
/// When the query fails.
pub fn last_position(connection: &mut PgConnection) -> Outcome<i64> {
    number(connection, "SELECT coalesce(max(position), 0) AS number FROM events")
}

/// What was noted of one reservation: milliseconds after its commit, as far as it has happened.
#[derive(Debug, Clone, Copy, PartialEq, QueryableByName)]
pub struct Noted {
    /// When its event left the outbox.
    #[diesel(sql_type = Nullable<Double>)]
    pub confirmed_ms: Option<f64>,
    /// When its effect in reports was committed.
    #[diesel(sql_type = Nullable<Double>)]
    pub effective_ms: Option<f64>,
}

/// What was noted of each reservation behind an event.
///
/// # Errors
/// When the query fails.
pub fn noted_behind(connection: &mut PgConnection, position: i64) -> Outcome<Vec<Noted>> {
    let query = sql_query(
        "SELECT (extract(epoch FROM f.at - c.at) * 1000)::float8 AS confirmed_ms,
                (extract(epoch FROM r.at - c.at) * 1000)::float8 AS effective_ms
         FROM events e
         JOIN bench_commits c ON c.position = e.position
         LEFT JOIN bench_confirms f ON f.position = e.position
         LEFT JOIN bench_effects r ON r.reservation_id = e.aggregate_id
         WHERE e.event_type = 'reservation.created' AND e.position > $1",
    );
    Ok(query.bind::<BigInt, _>(position).load(connection)?)
}
