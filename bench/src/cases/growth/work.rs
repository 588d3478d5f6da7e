//! What is done with each number of stored reservations.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::campus::Campus;
use crate::cases::{book, search};
use crate::figures::{Series, quantile};
use crate::filled::{self, Administrator};
use crate::postgres::Database;
use crate::program::{Client, NO_BROKER, Program, Setup};
use crate::servers::Servers;
use crate::slots::Slots;
use crate::{Outcome, Scale};

/// How long things took, in milliseconds.
#[derive(Debug)]
pub struct Work {
    /// The time in which one booking was made, 16 connections together.
    pub booking: Series,
    /// The median of the searches.
    pub search: Series,
    /// All of what was put into the outbox again.
    pub delivering: Series,
}

impl Work {
    /// With so many reservations.
    ///
    /// # Errors
    /// When something is refused.
    pub fn measure(servers: &Servers, scale: Scale, reservations: u64) -> Outcome<Self> {
        let (database, administrator) = filled::postgres(servers, scale.of(1_000, 20), reservations)?;
        let scene = Scene { servers, scale, database, administrator };
        let campus = scene.build()?;
        let (booking, search) = scene.ask(&campus)?;
        Ok(Self { booking, search, delivering: scene.deliver(&campus)? })
    }
}

struct Scene<'a> {
    servers: &'a Servers,
    scale: Scale,
    database: Database,
    administrator: Administrator,
}

impl Scene<'_> {
    fn start(&self, amqp_url: Option<&str>) -> Outcome<(Program, Client)> {
        let setup = Setup {
            database_url: Some(self.database.url()),
            redis_url: Some(self.servers.redis_url.clone()),
            amqp_url: amqp_url.map(str::to_owned),
            ..Setup::default()
        };
        let program = Program::start(self.servers, &setup)?;
        let client = self.administrator.log_in(&program)?;
        Ok((program, client))
    }

    /// Resources of which nothing is booked.
    fn build(&self) -> Outcome<Campus> {
        let (_program, client) = self.start(None)?;
        let campus = Campus::make(&client, self.scale.of(400, 10))?;
        self.database.delivered()?;
        Ok(campus)
    }

    fn ask(&self, campus: &Campus) -> Outcome<(Series, Series)> {
        let (program, client) = self.start(Some(NO_BROKER))?;
        let (span, slots) = (book::span(self.scale), Slots::coming());
        let book = |span| book::book(&program, &client, campus, book::CONNECTIONS, span);
        let search = |span| search::search(&program, &client, &slots, span);
        let (mut booking, mut searching) = (Series::default(), Series::default());
        book(span / 3)?;
        search(span / 3)?;
        for _ in 0..self.scale.rounds {
            booking.push(1_000.0 / book(span)?);
            searching.push(quantile(&mut search(span)?.latencies_ms, 0.5));
        }
        Ok((booking, searching))
    }

    fn deliver(&self, campus: &Campus) -> Outcome<Series> {
        // What was booked before is not to be delivered here.
        self.database.connect()?.batch_execute("DELETE FROM outbox")?;
        let (_program, client) = self.start(None)?;
        let mut times = Series::default();
        for round in 0..=self.scale.rounds {
            let took = self.deliver_again(&client, campus)?;
            // The first finds nothing in memory.
            if round > 0 {
                times.push(took.as_secs_f64() * 1_000.0);
            }
        }
        Ok(times)
    }

    fn deliver_again(&self, client: &Client, campus: &Campus) -> Outcome<Duration> {
        let count = self.scale.of(5_000, 50);
        // The login was an event as well.
        self.database.delivered()?;
        self.database.connect()?.batch_execute(&format!(
            "INSERT INTO outbox (position, aggregate_id, due_at)
             SELECT position, aggregate_id, recorded_at FROM events ORDER BY position DESC LIMIT {count}"
        ))?;
        let began = Instant::now();
        // A new event wakes whoever delivers.
        let (resource, slot) = campus.next_place().ok_or("everything is booked")?;
        let (from, to) = slot.texts();
        client.post("/reservations", &json!({"resourceId": resource, "startTime": from, "endTime": to}))?;
        self.database.delivered()?;
        Ok(began.elapsed())
    }
}
