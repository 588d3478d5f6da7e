//! Booking: the command that everything else is there for.

mod bare;

use std::time::Duration;

use super::Case;
use crate::broker::VirtualHost;
use crate::campus::Campus;
use crate::figures::{Reach, Row, Series};
use crate::load::closed_loop;
use crate::postgres::Database;
use crate::program::{ADMINISTRATOR, Client, NO_BROKER, Program, Setup};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::{Outcome, Scale};

pub use bare::Bare;

/// The case.
pub const CASE: Case = Case {
    name: "book",
    question: "How many bookings a second does POST /reservations make, on PostgreSQL?",
    method: "Ours: 16 connections, every booking another one of 1,000 resources, by an administrator; every answer is 201. \
        Each is one durable transaction of row, event and outbox row. HTTP, JSON, authorisation and rules are Bookly's alone. \
        Reference: pgbench sends the statements of one booking (`sql/book.sql`), prepared, one transaction each, from 16 \
        clients to a copy of the same database, with the JSON of an event that Bookly wrote. Where nothing is delivered, \
        the broker that Bookly was told of is not there, and events stay in the outbox. Bookly sends BEGIN and the lock as one \
        message, pgbench as two.",
    measure,
};

/// Connections, and clients of the reference.
pub const CONNECTIONS: usize = 16;

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let scene = Scene::set(servers, scale)?;
    let broker = VirtualHost::empty(servers)?;
    let no_broker = Some(NO_BROKER.to_owned());
    let redis = Setup { redis_url: Some(servers.redis_url.clone()), ..Setup::default() };
    let alone = Setup { amqp_url: no_broker.clone(), ..redis.clone() };
    let in_process = Setup { amqp_url: no_broker, cache: Some("in-process"), ..Setup::default() };
    let over_broker = Setup { amqp_url: Some(broker.url()), ..redis.clone() };
    Ok(vec![
        scene.compare(&alone, "nothing is delivered; sessions cached in Redis")?.wanted(Reach::RatioAtLeast(0.8)),
        scene
            .compare(&in_process, "nothing is delivered; sessions cached in the process")?
            .wanted(Reach::RatioAtLeast(0.8)),
        scene.alone(&redis, "delivered within the process meanwhile; sessions cached in Redis")?,
        scene.alone(&over_broker, "delivered over RabbitMQ meanwhile; sessions cached in Redis")?,
    ])
}

/// Bookings a second over so many connections, none refused.
///
/// # Errors
/// When one is refused.
pub fn book(program: &Program, client: &Client, campus: &Campus, connections: usize, span: Duration) -> Outcome<f64> {
    let next = |_| campus.next_booking(&client.token);
    Ok(closed_loop(&program.address, connections, span, 201, next)?.clean()?.rate())
}

/// How long a side books in each round.
pub fn span(scale: Scale) -> Duration {
    scale.of(Duration::from_secs(6), Duration::from_millis(300))
}

struct Scene<'a> {
    servers: &'a Servers,
    scale: Scale,
    database: Database,
    campus: Campus,
    password: String,
}

struct Ours {
    program: Program,
    client: Client,
    campus: Campus,
    _database: Database,
}

impl<'a> Scene<'a> {
    /// A database with resources and a first booking, which nobody uses any more.
    fn set(servers: &'a Servers, scale: Scale) -> Outcome<Self> {
        let database = Database::empty(servers)?;
        let program = Program::start(servers, &Setup { database_url: Some(database.url()), ..Setup::default() })?;
        let client = program.administrator()?;
        let campus = Campus::build(&client, scale.of(1_000, 20))?;
        book(&program, &client, &campus, 1, Duration::from_millis(100))?;
        client.settle()?;
        let password = program.password.clone().ok_or("the administrator's password is not known")?;
        Ok(Self { servers, scale, database, campus, password })
    }

    /// Bookly on a copy of it, warm.
    fn ours(&self, setup: &Setup) -> Outcome<Ours> {
        let database = Database::copy_of(self.servers, &self.database)?;
        let program = Program::start(self.servers, &Setup { database_url: Some(database.url()), ..setup.clone() })?;
        let client = program.client().log_in(ADMINISTRATOR, &self.password)?;
        let campus = self.campus.copy();
        let ours = Ours { program, client, campus, _database: database };
        ours.rate(span(self.scale) / 3)?;
        Ok(ours)
    }

    fn compare(&self, setup: &Setup, what: &str) -> Outcome<Row> {
        let ours = self.ours(setup)?;
        let bare = Bare::on(self.servers, Database::copy_of(self.servers, &self.database)?)?;
        bare.rate(span(self.scale) / 3)?;
        let span = span(self.scale);
        let (ours, theirs) = in_turn(self.scale, |_| ours.rate(span), |_| bare.rate(span))?;
        Ok(Row::beside(what, "bookings/s", ours, theirs))
    }

    fn alone(&self, setup: &Setup, what: &str) -> Outcome<Row> {
        let ours = self.ours(setup)?;
        let rates: Vec<f64> = (0..self.scale.rounds).map(|_| ours.rate(span(self.scale))).collect::<Outcome<_>>()?;
        Ok(Row::alone(what, "bookings/s", Series::of(rates)))
    }
}

impl Ours {
    fn rate(&self, span: Duration) -> Outcome<f64> {
        book(&self.program, &self.client, &self.campus, CONNECTIONS, span)
    }
}
