//! Many who want the same.

use std::cell::Cell;
use std::time::Duration;

use uuid::Uuid;

use super::Case;
use crate::campus::{Campus, booking};
use crate::figures::{Reach, Row, Series, quantile};
use crate::load::{Experience, closed_loop_of_many};
use crate::pgbench::Script;
use crate::postgres::{Database, number};
use crate::program::{Client, Program, Setup};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::slots::Slots;
use crate::{Outcome, Scale};

/// The case.
pub const CASE: Case = Case {
    name: "herd",
    question: "How long does anybody wait when 32 clients want the same half hours of one resource at once?",
    method: "Ours: 32 connections ask for the same half hour eight times each, then for the next; an answer is 201 or 409, \
        the latter with free times nearby. At the end SQL looks for overlaps; one would fail the case. Reference: pgbench \
        with 32 clients that do the same to another resource of the same database with the lock and the insert alone (`sql/herd.sql`), which refuses without telling \
        why or what else is free.",
    measure,
};

const CLIENTS: usize = 32;
/// How often a client asks for each half hour.
const INSISTING: usize = 8;
const OVERLAPS: &str = "SELECT count(*) AS number FROM occupancy one JOIN occupancy other
    ON one.resource_id = other.resource_id AND one.unit = other.unit AND one.starts_at < other.ends_at
    AND other.starts_at < one.ends_at AND one.holder_id <> other.holder_id";
const HELD: &str = "SELECT count(*) AS number FROM occupancy";
const RESERVED: &str = "SELECT count(*) AS number FROM reservations";

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let database = Database::empty(servers)?;
    let redis_url = Some(servers.redis_url.clone());
    let program =
        Program::start(servers, &Setup { database_url: Some(database.url()), redis_url, ..Setup::default() })?;
    let client = program.administrator()?;
    let campus = Campus::build(&client, usize::try_from(scale.rounds)?)?;
    let span = scale.of(Duration::from_secs(6), Duration::from_millis(500));
    let mut p99 = Series::default();
    let ours = |round: u32| {
        let resource = campus.resources().get(usize::try_from(round)?).ok_or("no such resource")?;
        let mut experience = rush(&program, &client, resource, span)?;
        p99.push(quantile(&mut experience.latencies_ms, 0.99));
        Ok(experience.rate())
    };
    let (ours, theirs) = in_turn(scale, ours, |round| Ok(script(round, span).run(servers, &database)?.rate))?;
    look_for_overlaps(&database)?;
    Ok(vec![
        Row::alone("99 % of the answers within", "ms", p99).wanted(Reach::AtMost(100.0)),
        Row::beside("answers", "1/s", ours, theirs),
    ])
}

fn rush(program: &Program, client: &Client, resource: &str, span: Duration) -> Outcome<Experience> {
    let (slots, asked) = (Slots::coming(), vec![Cell::new(0); CLIENTS]);
    let next = |connection: usize| {
        let asked = asked.get(connection)?;
        let slot = slots.nth(asked.replace(asked.get() + 1) / INSISTING)?;
        Some(booking(&client.token, resource, slot))
    };
    closed_loop_of_many(&program.address, CLIENTS, span, &[201, 409], next)?.clean()
}

/// The reference of a round, on a resource that Bookly does not know.
fn script(round: u32, span: Duration) -> Script {
    let variables = vec![
        ("number", "0".to_owned()),
        ("first", "2000000000".to_owned()),
        ("insisting", INSISTING.to_string()),
        ("lock", round.to_string()),
        ("resource", Uuid::from_u128(round.into()).to_string()),
    ];
    Script { file: "herd.sql", clients: CLIENTS, span, variables }
}

fn look_for_overlaps(database: &Database) -> Outcome {
    let mut connection = database.connect()?;
    let mut count = |query| number(&mut connection, query);
    let (held, reserved, overlaps) = (count(HELD)?, count(RESERVED)?, count(OVERLAPS)?);
    if overlaps > 0 || reserved == 0 || held <= reserved {
        return Err(format!("{held} are held, {reserved} of them by Bookly, {overlaps} overlap").into());
    }
    Ok(())
}
