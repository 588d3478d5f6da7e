//! Starting.

use super::Case;
use crate::figures::{Reach, Row, Series};
use crate::program::{Program, Setup};
use crate::servers::Servers;
use crate::{Outcome, Scale, filled};

/// The case.
pub const CASE: Case = Case {
    name: "start",
    question: "How long does Bookly take from the start of its process to serving, with a million stored events?",
    method: "From starting the process to the line that says where it listens. The data were used before, by another process \
        that has ended.",
    measure,
};

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let (resources, reservations) = scale.of((1_000, 1_000_000), (50, 1_000));
    let (database, _) = filled::postgres(servers, resources, reservations)?;
    let directory = tempfile::Builder::new().prefix("bookly-bench-").tempdir()?;
    filled::sqlite(servers, directory.path(), resources, reservations)?;
    let on_postgres = Setup { database_url: Some(database.url()), ..Setup::default() };
    let on_sqlite = Setup { data_dir: Some(directory.path().to_owned()), ..Setup::default() };
    Ok(vec![row(servers, scale, &on_postgres, "PostgreSQL")?, row(servers, scale, &on_sqlite, "SQLite")?])
}

fn row(servers: &Servers, scale: Scale, setup: &Setup, what: &str) -> Outcome<Row> {
    let start = |_| Ok(Program::start(servers, setup)?.started_in.as_secs_f64() * 1_000.0);
    let times: Vec<f64> = (0..scale.rounds).map(start).collect::<Outcome<_>>()?;
    Ok(Row::alone(what, "ms", Series::of(times)).wanted(Reach::AtMost(300.0)))
}
