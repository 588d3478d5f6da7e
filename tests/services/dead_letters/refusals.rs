//! A database that refuses what the reports would write.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::harness::Installation;

/// Refuses these versions of a room's reservations, and notes the others in the order in which they are written.
const SQLITE: &str = "
    CREATE TABLE refused (room blob NOT NULL, version integer NOT NULL);
    CREATE TABLE seen (number integer PRIMARY KEY AUTOINCREMENT, room blob NOT NULL, version integer NOT NULL);
    CREATE TRIGGER inserted AFTER INSERT ON report_reservations BEGIN
        SELECT RAISE(ABORT, 'on purpose') FROM refused WHERE room = NEW.resource_id AND version = NEW.version;
        INSERT INTO seen (room, version) VALUES (NEW.resource_id, NEW.version);
    END;
    CREATE TRIGGER updated AFTER UPDATE ON report_reservations BEGIN
        SELECT RAISE(ABORT, 'on purpose') FROM refused WHERE room = NEW.resource_id AND version = NEW.version;
        INSERT INTO seen (room, version) VALUES (NEW.resource_id, NEW.version);
    END;";
const POSTGRES: &str = "
    CREATE TABLE refused (room uuid NOT NULL, version bigint NOT NULL);
    CREATE TABLE seen (number bigserial PRIMARY KEY, room uuid NOT NULL, version bigint NOT NULL);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM refused WHERE room = NEW.resource_id AND version = NEW.version) THEN
            RAISE EXCEPTION 'on purpose';
        END IF;
        INSERT INTO seen (room, version) VALUES (NEW.resource_id, NEW.version);
        RETURN NEW;
    END $$;
    CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON report_reservations FOR EACH ROW EXECUTE FUNCTION refuse();";

/// The refusals of one installation's database.
pub enum Refusals {
    Sqlite(PathBuf),
    Postgres(String),
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Another process writes to the same file.
fn open_file(path: &std::path::Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).expect("the file opens");
    connection.batch_execute("PRAGMA busy_timeout = 30000").expect("it waits for its turn");
    connection
}

impl Refusals {
    /// Prepares the database of an installation; nothing is refused yet.
    pub fn begin(installation: &Installation) -> Self {
        let refusals = match installation.database_url() {
            Some(url) => Self::Postgres(url),
            None => Self::Sqlite(installation.directory().join("bookly.sqlite3")),
        };
        refusals.run(match refusals {
            Self::Sqlite(_) => SQLITE,
            Self::Postgres(_) => POSTGRES,
        });
        refusals
    }

    /// Refuses this version of the room's reservations.
    pub fn refuse(&self, room: &str, version: i64) {
        self.run(&format!("INSERT INTO refused VALUES ({}, {version})", self.literal(room)));
    }

    /// Refuses nothing more.
    pub fn end(&self) {
        self.run("DELETE FROM refused");
    }

    /// The versions of the room's reservations that were written, in order.
    pub fn seen(&self, room: &str) -> Vec<i64> {
        let query = sql_query(format!("SELECT version FROM seen WHERE room = {} ORDER BY number", self.literal(room)));
        let rows: Vec<Version> = match self {
            Self::Sqlite(path) => query.load(&mut open_file(path)),
            Self::Postgres(url) => query.load(&mut PgConnection::establish(url).expect("PostgreSQL answers")),
        }
        .expect("rows");
        rows.into_iter().map(|row| row.version).collect()
    }

    fn literal(&self, id: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    fn run(&self, statements: &str) {
        match self {
            Self::Sqlite(path) => open_file(path).batch_execute(statements),
            Self::Postgres(url) => PgConnection::establish(url).expect("PostgreSQL answers").batch_execute(statements),
        }
        .expect("executed");
    }
}
