//! Who sees each effect in the database itself, in the order in which it was committed.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

/// Notes each version that the reports take in. Of the blocked ones it lets the handling fail, and of the slow ones it
/// makes it last.
const TRIGGER: &str = "
    CREATE TABLE witness_blocked (id uuid PRIMARY KEY);
    CREATE TABLE witness_slow (id uuid PRIMARY KEY);
    CREATE TABLE witness_seen (
        number bigserial PRIMARY KEY, id uuid NOT NULL, version bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM witness_blocked WHERE id = NEW.reservation_id) THEN RAISE EXCEPTION 'on purpose'; END IF;
        IF EXISTS (SELECT 1 FROM witness_slow WHERE id = NEW.reservation_id) THEN PERFORM pg_sleep(20); END IF;
        INSERT INTO witness_seen (id, version) VALUES (NEW.reservation_id, NEW.version);
        RETURN NEW;
    END $$;
    CREATE TRIGGER witness AFTER INSERT OR UPDATE ON report_reservations FOR EACH ROW EXECUTE FUNCTION witness();";

/// Looks at a PostgreSQL database.
pub struct Witness {
    url: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Witness {
    /// Begins to look.
    pub fn place(url: &str) -> Self {
        let witness = Self::looking_at(url);
        witness.run(TRIGGER);
        witness
    }

    /// Looks at a database where another one was placed.
    pub fn looking_at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// Runs statements.
    pub fn run(&self, statements: &str) {
        self.connect().batch_execute(statements).expect("executed");
    }

    /// A number out of the database, as the first column named `number`.
    pub fn number(&self, query: &str) -> i64 {
        sql_query(query).get_result::<Number>(&mut self.connect()).expect("a number").number
    }

    /// A text out of the database, as the first column named `text`.
    pub fn text(&self, query: &str) -> String {
        sql_query(query).get_result::<Words>(&mut self.connect()).expect("a text").text
    }

    /// Lets it work again.
    pub fn unblock_all(&self) {
        self.run("DELETE FROM witness_blocked");
    }

    /// Versions by reservation, in the order in which the reports took them in.
    pub fn seen(&self) -> BTreeMap<String, Vec<i64>> {
        self.versions("SELECT id::text AS id, version FROM witness_seen ORDER BY number")
    }

    /// Every event that the reports must have taken in was taken in once, and those of one reservation in order.
    pub fn compare(&self) -> usize {
        let stored = self.versions(
            "SELECT aggregate_id::text AS id, version FROM events WHERE aggregate_type = 'Reservation' ORDER BY version",
        );
        let seen = self.seen();
        for (id, versions) in &stored {
            assert_eq!(seen.get(id), Some(versions), "reservation {id}");
        }
        assert_eq!(seen.len(), stored.len());
        stored.values().map(Vec::len).sum()
    }

    fn versions(&self, query: &str) -> BTreeMap<String, Vec<i64>> {
        let rows: Vec<Row> = sql_query(query).load(&mut self.connect()).expect("rows");
        let mut versions = BTreeMap::<String, Vec<i64>>::new();
        for row in rows {
            versions.entry(row.id).or_default().push(row.version);
        }
        versions
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).expect("PostgreSQL answers")
    }
}
