//! Nothing to do.

use std::time::{Duration, Instant};

use super::Case;
use crate::broker::VirtualHost;
use crate::figures::{Reach, Row, Series};
use crate::footprint::Footprint;
use crate::postgres::Database;
use crate::program::{Program, Setup};
use crate::servers::Servers;
use crate::{Outcome, Scale};

/// The case.
pub const CASE: Case = Case {
    name: "idle",
    question: "What does Bookly use when nobody asks for anything?",
    method: "Once, over a minute: time on a core and memory as the kernel counts them, and the transactions that PostgreSQL \
        counts in Bookly's database, which include those of its own upkeep; autovacuum's work on what was written before is done \
        beforehand. They are asked for in another database.",
    measure,
};

/// What the process uses.
struct Quiet {
    core_percent: f64,
    resident_mib: f64,
}

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let (database, broker) = (Database::empty(servers)?, VirtualHost::empty(servers)?);
    let whole = Setup {
        database_url: Some(database.url()),
        amqp_url: Some(broker.url()),
        redis_url: Some(servers.redis_url.clone()),
        ..Setup::default()
    };
    let mut rows = Vec::new();
    {
        let program = calm(servers, scale, &whole, || database.look_after())?;
        let (before, began) = (database.transactions()?, Instant::now());
        if before == 0 {
            return Err("PostgreSQL does not count transactions".into());
        }
        let quiet = Quiet::during(&program, span(scale))?;
        let queries = (database.transactions()? - before) as f64 / began.elapsed().as_secs_f64();
        rows.extend(quiet.rows("with PostgreSQL, RabbitMQ and Redis"));
        let what = "transactions, with PostgreSQL, RabbitMQ and Redis";
        rows.push(Row::alone(what, "1/s", Series::of([queries])).wanted(Reach::AtMost(0.3)));
    }
    let program = calm(servers, scale, &Setup::default(), || Ok(()))?;
    rows.extend(Quiet::during(&program, span(scale))?.rows("embedded"));
    Ok(rows)
}

fn span(scale: Scale) -> Duration {
    scale.of(Duration::from_secs(60), Duration::from_secs(2))
}

/// A program that has been used a little and has finished with that.
fn calm(servers: &Servers, scale: Scale, setup: &Setup, finish: impl Fn() -> Outcome) -> Outcome<Program> {
    let program = Program::start(servers, setup)?;
    program.administrator()?.settle()?;
    finish()?;
    // What is still done for the last request, such as closing its connection, is no idling.
    std::thread::sleep(scale.of(Duration::from_secs(15), Duration::from_millis(500)));
    Ok(program)
}

impl Quiet {
    fn during(program: &Program, span: Duration) -> Outcome<Self> {
        let (before, began) = (Footprint::of(program.pid())?, Instant::now());
        std::thread::sleep(span);
        let after = Footprint::of(program.pid())?;
        let used = (after.cpu - before.cpu).as_secs_f64() / began.elapsed().as_secs_f64();
        Ok(Self { core_percent: used * 100.0, resident_mib: after.resident_kib as f64 / 1_024.0 })
    }

    fn rows(&self, how: &str) -> [Row; 2] {
        let row = |what: &str, unit, value| Row::alone(format!("{what}, {how}"), unit, Series::of([value]));
        [
            row("time on a core", "%", self.core_percent).wanted(Reach::AtMost(0.3)),
            row("memory", "MiB", self.resident_mib).wanted(Reach::AtMost(60.0)),
        ]
    }
}
