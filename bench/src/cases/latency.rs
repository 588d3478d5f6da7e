//! How long an event takes.

mod observer;
mod steady;

use std::thread;
use std::time::Duration;

use diesel::PgConnection;

use self::observer::Noted;
use self::steady::steady;
use super::Case;
use crate::broker::VirtualHost;
use crate::campus::Campus;
use crate::figures::{Reach, Row, Series, quantile};
use crate::postgres::Database;
use crate::program::{Program, Setup, until};
use crate::servers::Servers;
use crate::{Outcome, Scale};

/// The case.
pub const CASE: Case = Case {
    name: "latency",
    question: "How long after its commit is an event confirmed, and how long until it has an effect in another service?",
    method: "POST /reservations of distinct half hours of 200 rooms at a fixed rate (open loop: a request is sent when it is due, \
        and one that is late counts from when it was due) for ten seconds, after two at the same rate that do not count; \
        PostgreSQL, RabbitMQ, no Redis; a new installation in each round. All times are PostgreSQL's clock, noted by \
        triggers of the measurement: the commit by a deferred one on `outbox`, which fires when the transaction has done all but \
        its commit; the confirm when the row is deleted from `outbox`; the effect by a deferred one on \
        `report_reservations`. So commit to confirm includes the commit's flush to disk, the relay, the broker's confirm \
        and the way back to the database; commit to effect includes that flush, relay, broker, bridge, admission, inbox and \
        reaction, up to the flush of the effect's own commit. What the triggers cost is included too. Percentiles are taken \
        within a round. The answers are given for comparison: over HTTP, from when a request was due.",
    measure,
};

struct Extent {
    rates: [u32; 2],
    rooms: usize,
    /// Seconds at a rate before anything counts.
    warm_up: f64,
    /// Seconds that count.
    span: f64,
}

/// The figures of a rate, one series for each quantity.
struct Figures {
    rate: u32,
    answer: Percentiles,
    confirm: Percentiles,
    effect: Percentiles,
}

#[derive(Default)]
struct Percentiles {
    p50: Series,
    p99: Series,
}

impl Percentiles {
    fn push(&mut self, mut milliseconds: Vec<f64>) {
        self.p50.push(quantile(&mut milliseconds, 0.5));
        self.p99.push(quantile(&mut milliseconds, 0.99));
    }

    fn rows(self, what: &str) -> [Row; 2] {
        [("p50", self.p50), ("p99", self.p99)]
            .map(|(share, series)| Row::alone(format!("{what}, {share}"), "ms", series))
    }

    fn reaching(self, what: &str, p50: f64, p99: f64) -> [Row; 2] {
        let [middle, tail] = self.rows(what);
        [middle.wanted(Reach::AtMost(p50)), tail.wanted(Reach::AtMost(p99))]
    }
}

impl Figures {
    fn new(rate: u32) -> Self {
        Self { rate, answer: Percentiles::default(), confirm: Percentiles::default(), effect: Percentiles::default() }
    }

    fn rows(self) -> Vec<Row> {
        let rate = format!("{} a second", self.rate);
        let confirm = self.confirm.reaching(&format!("{rate}, commit to confirm"), 5.0, 25.0);
        let effect = self.effect.reaching(&format!("{rate}, commit to effect"), 10.0, 50.0);
        [confirm, effect, self.answer.rows(&format!("{rate}, due to answer"))].into_iter().flatten().collect()
    }
}

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let whole = Extent { rates: [200, 500], rooms: 200, warm_up: 2.0, span: 10.0 };
    let extent = scale.of(whole, Extent { rates: [10, 20], rooms: 5, warm_up: 0.2, span: 1.0 });
    let mut figures = extent.rates.map(Figures::new);
    for _ in 0..scale.rounds {
        round(servers, &extent, &mut figures)?;
    }
    Ok(figures.into_iter().flat_map(Figures::rows).collect())
}

fn round(servers: &Servers, extent: &Extent, figures: &mut [Figures]) -> Outcome {
    let (database, host) = (Database::empty(servers)?, VirtualHost::empty(servers)?);
    let setup = Setup { database_url: Some(database.url()), amqp_url: Some(host.url()), ..Setup::default() };
    let program = Program::start(servers, &setup)?;
    let client = program.administrator()?;
    let campus = Campus::build(&client, extent.rooms)?;
    let mut connection = database.connect()?;
    observer::observe(&mut connection)?;
    for figures in figures {
        let bookings = |seconds: f64| -> Vec<Vec<u8>> {
            let count = (f64::from(figures.rate) * seconds) as usize;
            std::iter::from_fn(|| campus.next_booking(&client.token)).take(count).collect()
        };
        let (before, counted) = (bookings(extent.warm_up), bookings(extent.span));
        steady(&program.address, figures.rate, 201, &before)?;
        let behind = observer::last_position(&mut connection)?;
        figures.answer.push(steady(&program.address, figures.rate, 201, &counted)?);
        let noted = arrived(&mut connection, behind, counted.len())
            .map_err(|error| format!("{error}; logged: {}", program.log()))?;
        let milliseconds = |of: fn(&Noted) -> Option<f64>| noted.iter().filter_map(of).collect();
        figures.confirm.push(milliseconds(|noted| noted.confirmed_ms));
        figures.effect.push(milliseconds(|noted| noted.effective_ms));
    }
    Ok(())
}

/// What was noted of so many reservations, once all of them have arrived.
fn arrived(connection: &mut PgConnection, behind: i64, count: usize) -> Outcome<Vec<Noted>> {
    let complete = |noted: &Noted| noted.confirmed_ms.is_some() && noted.effective_ms.is_some();
    let noted = until("every effect", || {
        thread::sleep(Duration::from_millis(100));
        let noted = observer::noted_behind(connection, behind)?;
        Ok(Some(noted).filter(|noted| noted.len() >= count && noted.iter().all(complete)))
    })?;
    if noted.len() == count { Ok(noted) } else { Err(format!("{} effects of {count} events", noted.len()).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_gives_one_value_a_percentile() {
        let mut percentiles = Percentiles::default();
        percentiles.push((0..100).map(f64::from).collect());
        percentiles.push(vec![1.0]);
        let [middle, tail] = percentiles.reaching("x", 25.5, 50.0);
        assert_eq!((middle.ours.median(), tail.ours.median(), middle.what.as_str()), (25.5, 50.0, "x, p50"));
        assert!(middle.reached(Reach::AtMost(25.5)) && tail.reached(Reach::AtMost(50.0)));
    }
}
