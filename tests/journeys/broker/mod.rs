//! Stories of a broker that dies, hangs, forgets and is lied to.

mod absent;
mod failover;
mod flood;
mod foreign;
mod no_database;
mod planners;
mod poison;
mod storm;
mod suspects;
mod witness;
mod wrong_queue;

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Broker, Engine, Installation, settle_within};

/// A broker of the test's own and an installation on it; `None` when it is not to be had, which is noted.
fn on_own_broker(test: &str) -> Option<(Broker, Installation)> {
    let broker = Broker::start(test)?;
    let engine = Engine::with_broker(&broker, test)?;
    let installation = Installation::start(engine);
    Some((broker, installation))
}

/// Waits, for as long as a broker may need to come back, until every event is handled, and compares everything.
fn check(installation: &Installation) {
    let administrator = installation.administrator();
    settle_within(Duration::from_secs(120), "every event is handled", || {
        let checks = administrator.get("/admin/checks").expect(200);
        (checks["undelivered"] == 0).then_some(())
    });
    installation.check();
}

/// The dead letters that match a query such as `?state=failed`.
fn letters(installation: &Installation, query: &str) -> Vec<Value> {
    let page = installation.administrator().get(&format!("/admin/dead-letters{query}")).expect(200);
    page["items"].as_array().expect("items").clone()
}

/// The bus as readiness shows it.
fn bus(installation: &Installation) -> (String, String) {
    let ready = installation.anonymous().get("/health/ready").json();
    let text = |field: &str| ready["parts"]["bus"][field].as_str().unwrap_or_default().to_owned();
    (text("status"), text("detail"))
}

/// Waits until the bus is in this state.
fn bus_becomes(installation: &Installation, status: &str) -> String {
    settle_within(Duration::from_secs(60), &format!("the bus is {status}"), || {
        let (found, detail) = bus(installation);
        (found == status).then_some(detail)
    })
}
