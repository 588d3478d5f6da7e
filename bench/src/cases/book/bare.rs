//! The statements of a booking, without Bookly.

use std::cell::Cell;
use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::CONNECTIONS;
use crate::Outcome;
use crate::pgbench::Script;
use crate::postgres::{Database, number, text};
use crate::servers::Servers;

/// The script names resources by numbers.
const NUMBER_RESOURCES: &str = "UPDATE availability_profiles profile
    SET resource_id = lpad(numbered.number::text, 32, '0')::uuid
    FROM (SELECT resource_id, row_number() OVER () - 1 AS number FROM availability_profiles) numbered
    WHERE profile.resource_id = numbered.resource_id";
/// When the first booking begins, and how much later that of the next run, in seconds.
const FIRST: u64 = 2_000_000_000;
const APART: u64 = 1_000_000_000;
/// How far the identifiers of two runs lie apart.
const IDENTIFIERS: u64 = 1_000_000_000_000;

/// pgbench, on a database that Bookly has made.
pub struct Bare<'a> {
    servers: &'a Servers,
    database: Database,
    known: Vec<(&'static str, String)>,
    runs: Cell<u64>,
}

impl<'a> Bare<'a> {
    /// On a database with resources and at least one booking.
    ///
    /// # Errors
    /// When it has none.
    pub fn on(servers: &'a Servers, database: Database) -> Outcome<Self> {
        let mut connection = database.connect()?;
        connection.batch_execute(NUMBER_RESOURCES)?;
        let resources = number(&mut connection, "SELECT count(*) AS number FROM availability_profiles")?;
        let mut of_an_event = |what: &str| {
            let query =
                format!("SELECT {what}::text AS text FROM events WHERE event_type = 'reservation.created' LIMIT 1");
            text(&mut connection, &query)
        };
        let known = vec![
            ("resources", resources.to_string()),
            ("clients", CONNECTIONS.to_string()),
            ("number", "0".to_owned()),
            ("user", of_an_event("data ->> 'userId'")?),
            ("data", of_an_event("data")?),
            ("metadata", of_an_event("metadata")?),
        ];
        Ok(Self { servers, database, known, runs: Cell::new(0) })
    }

    /// Bookings a second.
    ///
    /// # Errors
    /// When one fails.
    pub fn rate(&self, span: Duration) -> Outcome<f64> {
        let run = self.runs.replace(self.runs.get() + 1);
        let mut variables = self.known.clone();
        variables.push(("first", (FIRST + run * APART).to_string()));
        variables.push(("base", (run * IDENTIFIERS).to_string()));
        let script = Script { file: "book.sql", clients: CONNECTIONS, span, variables };
        Ok(script.run(self.servers, &self.database)?.rate)
    }
}
