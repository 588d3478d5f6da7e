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

/// An installation with so many reservations, and resources of which nothing is booked.
pub struct Scene<'a> {
    servers: &'a Servers,
    scale: Scale,
    database: Database,
    administrator: Administrator,
    campus: Campus,
}

impl<'a> Scene<'a> {
    /// With so many reservations.
    ///
    /// # Errors
    /// When it cannot be filled.
    pub fn set(servers: &'a Servers, scale: Scale, reservations: u64) -> Outcome<Self> {
        let (database, administrator) = filled::postgres(servers, scale.of(1_000, 20), reservations)?;
        let (_program, client) = start(servers, &database, &administrator, None)?;
        let campus = Campus::make(&client, scale.of(400, 10))?;
        database.delivered()?;
        Ok(Self { servers, scale, database, administrator, campus })
    }

    fn start(&self, amqp_url: Option<&str>) -> Outcome<(Program, Client)> {
        start(self.servers, &self.database, &self.administrator, amqp_url)
    }

    fn book(&self, (program, client): &(Program, Client), span: Duration) -> Outcome<f64> {
        book::book(program, client, &self.campus, book::CONNECTIONS, span)
    }

    fn deliver_again(&self, client: &Client) -> Outcome<Duration> {
        let count = self.scale.of(5_000, 50);
        // The login was an event as well.
        self.database.delivered()?;
        self.database.connect()?.batch_execute(&format!(
            "INSERT INTO outbox (position, aggregate_id, due_at)
             SELECT position, aggregate_id, recorded_at FROM events ORDER BY position DESC LIMIT {count}"
        ))?;
        let began = Instant::now();
        // A new event wakes whoever delivers.
        let (resource, slot) = self.campus.next_place().ok_or("everything is booked")?;
        let (from, to) = slot.texts();
        client.post("/reservations", &json!({"resourceId": resource, "startTime": from, "endTime": to}))?;
        self.database.delivered()?;
        Ok(began.elapsed())
    }
}

fn start(
    servers: &Servers,
    database: &Database,
    administrator: &Administrator,
    amqp_url: Option<&str>,
) -> Outcome<(Program, Client)> {
    let setup = Setup {
        database_url: Some(database.url()),
        redis_url: Some(servers.redis_url.clone()),
        amqp_url: amqp_url.map(str::to_owned),
        ..Setup::default()
    };
    let program = Program::start(servers, &setup)?;
    let client = administrator.log_in(&program)?;
    Ok((program, client))
}

/// In milliseconds, for each scene: the time in which one booking was made, 16 connections together, and the median of the
/// searches.
///
/// # Errors
/// When something is refused.
pub fn asking(scenes: &[Scene<'_>]) -> Outcome<(Vec<Series>, Vec<Series>)> {
    let mut booking = vec![Series::default(); scenes.len()];
    let mut searching = booking.clone();
    let open: Vec<_> = scenes.iter().map(|scene| scene.start(Some(NO_BROKER))).collect::<Outcome<_>>()?;
    for round in rounds(scenes) {
        for (nth, scene) in in_turn(scenes, round) {
            let (program, client) = &open[nth];
            let (span, slots) = (book::span(scene.scale), Slots::coming());
            let span = if round == WARMING_UP { span / 3 } else { span };
            let rate = scene.book(&open[nth], span)?;
            let median = quantile(&mut search::search(program, client, &slots, span)?.latencies_ms, 0.5);
            if round != WARMING_UP {
                booking[nth].push(1_000.0 / rate);
                searching[nth].push(median);
            }
        }
    }
    Ok((booking, searching))
}

/// In milliseconds, for each scene: all of what was put into the outbox again.
///
/// # Errors
/// When something is refused.
pub fn delivering(scenes: &[Scene<'_>]) -> Outcome<Vec<Series>> {
    let mut times = vec![Series::default(); scenes.len()];
    for scene in scenes {
        // What was booked before is not to be delivered here.
        scene.database.connect()?.batch_execute("DELETE FROM outbox")?;
    }
    let open: Vec<_> = scenes.iter().map(|scene| scene.start(None)).collect::<Outcome<_>>()?;
    for round in rounds(scenes) {
        for (nth, scene) in in_turn(scenes, round) {
            let took = scene.deliver_again(&open[nth].1)?;
            if round != WARMING_UP {
                times[nth].push(took.as_secs_f64() * 1_000.0);
            }
        }
    }
    Ok(times)
}

/// The first round finds nothing in memory, and does not count.
const WARMING_UP: u32 = 0;

fn rounds(scenes: &[Scene<'_>]) -> std::ops::RangeInclusive<u32> {
    WARMING_UP..=scenes.first().map_or(0, |scene| scene.scale.rounds)
}

/// The scenes with their numbers; every other round begins with the last, so that none always finds the same before it.
fn in_turn<'s, 'a>(scenes: &'s [Scene<'a>], round: u32) -> Vec<(usize, &'s Scene<'a>)> {
    let mut turn: Vec<_> = scenes.iter().enumerate().collect();
    if round % 2 == 1 {
        turn.reverse();
    }
    turn
}
