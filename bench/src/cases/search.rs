//! Searching what is free.

use std::time::Duration;

use chrono::{Datelike, Weekday};

use super::Case;
use crate::figures::{Reach, Row, Series, quantile};
use crate::http::request;
use crate::load::{Experience, closed_loop};
use crate::pgbench::Script;
use crate::program::{Client, Program, Setup};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::slots::Slots;
use crate::{Outcome, Scale, filled};

/// The case.
pub const CASE: Case = Case {
    name: "search",
    question: "How long does it take to find the resources that are free at a time, of 2,000 with 2 million reservations?",
    method: "Ours: GET /availability/search for a half hour of the coming weeks, another one each time, over one connection; \
        nothing of it is cached but the session, in Redis. Reference: pgbench sends the statements of one \
        search (`sql/search.sql`), prepared, over one connection. Rules such as opening hours, HTTP, JSON and authorisation are \
        Bookly's alone; it answers before its COMMIT, which pgbench waits for. PostgreSQL has vacuumed and analysed what was \
        filled in beforehand.",
    measure,
};

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let (resources, reservations) = scale.of((2_000, 2_000_000), (50, 500));
    let (database, administrator) = filled::postgres(servers, resources, reservations)?;
    let redis_url = Some(servers.redis_url.clone());
    let program =
        Program::start(servers, &Setup { database_url: Some(database.url()), redis_url, ..Setup::default() })?;
    let client = administrator.log_in(&program)?;
    let span = scale.of(Duration::from_secs(6), Duration::from_millis(300));
    let (slots, mut p95) = (Slots::coming(), Series::default());
    search(&program, &client, &slots, span / 3)?;
    let first = slots.nth(0).ok_or("no slots")?.from;
    // Open days before the first Sunday.
    let rest = Weekday::Sun.days_since(first.weekday());
    let variables = vec![("first", first.timestamp().to_string()), ("rest", rest.to_string())];
    let script = Script { file: "search.sql", clients: 1, span, variables };
    let ours = |_| {
        let mut experience = search(&program, &client, &slots, span)?;
        p95.push(quantile(&mut experience.latencies_ms, 0.95));
        Ok(experience.rate())
    };
    let (ours, theirs) = in_turn(scale, ours, |_| Ok(script.run(servers, &database)?.rate))?;
    Ok(vec![
        Row::alone("95 % of the answers within", "ms", p95).wanted(Reach::AtMost(20.0)),
        Row::beside("searches, one at a time", "1/s", ours, theirs).wanted(Reach::RatioAtLeast(0.6)),
    ])
}

/// Searches for random half hours over one connection.
///
/// # Errors
/// When a search is not answered.
pub fn search(program: &Program, client: &Client, slots: &Slots, span: Duration) -> Outcome<Experience> {
    let next = |_| {
        let (from, to) = slots.nth(fastrand::usize(..slots.count()))?.texts();
        let path = format!("/api/v1/availability/search?from={from}&to={to}");
        Some(request("GET", &path, &client.token, ""))
    };
    closed_loop(&program.address, 1, span, 200, next)?.clean()
}
