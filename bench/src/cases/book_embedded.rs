//! Booking on SQLite.

mod bare;

use std::time::Duration;

use tempfile::TempDir;

use super::Case;
use super::book::{CONNECTIONS, book, span};
use crate::campus::Campus;
use crate::figures::{Reach, Row, Series};
use crate::program::{ADMINISTRATOR, Client, NO_BROKER, Program, Setup};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::{Outcome, Scale, sqlite};

use bare::Bare;

/// The case.
pub const CASE: Case = Case {
    name: "book-embedded",
    question: "How many bookings a second does POST /reservations make, on SQLite?",
    method: "Ours: as in `book`, on SQLite with synchronous=FULL; requests that wait together share a commit, so one \
        connection never shares and 16 do. Reference: diesel sends the statements of one booking, prepared, from one \
        thread, one transaction each, to a copy of the same file with the same settings, with the JSON of an event that \
        Bookly wrote. HTTP, JSON, authorisation and rules are Bookly's alone.",
    measure,
};

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let scene = Scene::set(servers, scale)?;
    let shared = scene.compare(CONNECTIONS, "16 connections; nothing is delivered")?;
    let single = scene.compare(1, "1 connection; nothing is delivered")?;
    Ok(vec![
        shared.wanted(Reach::RatioAtLeast(1.5)),
        single.wanted(Reach::RatioAtLeast(0.8)),
        scene.delivered("16 connections; delivered within the process meanwhile")?,
    ])
}

struct Scene<'a> {
    servers: &'a Servers,
    scale: Scale,
    directory: TempDir,
    campus: Campus,
    password: String,
}

struct Ours {
    program: Program,
    client: Client,
    campus: Campus,
    connections: usize,
    _directory: TempDir,
}

impl<'a> Scene<'a> {
    /// A file with resources and a first booking, which nobody uses any more.
    fn set(servers: &'a Servers, scale: Scale) -> Outcome<Self> {
        let directory = directory()?;
        let setup = Setup { data_dir: Some(directory.path().to_owned()), ..Setup::default() };
        let program = Program::start(servers, &setup)?;
        let client = program.administrator()?;
        let campus = Campus::build(&client, scale.of(1_000, 20))?;
        book(&program, &client, &campus, 1, Duration::from_millis(100))?;
        client.settle()?;
        let password = program.password.clone().ok_or("the administrator's password is not known")?;
        Ok(Self { servers, scale, directory, campus, password })
    }

    fn copy(&self) -> Outcome<TempDir> {
        let directory = directory()?;
        sqlite::copy(self.directory.path(), directory.path())?;
        Ok(directory)
    }

    /// Bookly on a copy of it, warm.
    fn ours(&self, amqp_url: Option<String>, connections: usize) -> Outcome<Ours> {
        let directory = self.copy()?;
        let setup = Setup { data_dir: Some(directory.path().to_owned()), amqp_url, ..Setup::default() };
        let program = Program::start(self.servers, &setup)?;
        let client = program.client().log_in(ADMINISTRATOR, &self.password)?;
        let ours = Ours { program, client, campus: self.campus.copy(), connections, _directory: directory };
        ours.rate(span(self.scale) / 3)?;
        Ok(ours)
    }

    fn compare(&self, connections: usize, what: &str) -> Outcome<Row> {
        let ours = self.ours(Some(NO_BROKER.to_owned()), connections)?;
        let mut bare = Bare::on(self.copy()?, self.campus.copy())?;
        bare.rate(span(self.scale) / 3)?;
        let span = span(self.scale);
        let (ours, theirs) = in_turn(self.scale, |_| ours.rate(span), |_| bare.rate(span))?;
        Ok(Row::beside(what, "bookings/s", ours, theirs))
    }

    fn delivered(&self, what: &str) -> Outcome<Row> {
        let ours = self.ours(None, CONNECTIONS)?;
        let rates: Vec<f64> = (0..self.scale.rounds).map(|_| ours.rate(span(self.scale))).collect::<Outcome<_>>()?;
        Ok(Row::alone(what, "bookings/s", Series::of(rates)))
    }
}

impl Ours {
    fn rate(&self, span: Duration) -> Outcome<f64> {
        book(&self.program, &self.client, &self.campus, self.connections, span)
    }
}

fn directory() -> Outcome<TempDir> {
    Ok(tempfile::Builder::new().prefix("bookly-bench-").tempdir()?)
}
