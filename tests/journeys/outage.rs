//! PostgreSQL cuts every connection, again and again, while the herd goes on.

use std::sync::atomic::Ordering;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::crowd::Crowd;
use crate::harness::{Engine, Installation, settle};

/// How often all connections are cut.
const CUTS: usize = 5;
/// Answers between one cut and the next.
const BETWEEN: usize = 150;
const ATTEMPTS: usize = 1_500;

#[test]
fn cut_connections_cost_503s_at_most() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let url = engine.url().expect("PostgreSQL has one");
    let installation = Installation::start(engine);
    let crowd = Crowd::gather(&installation, 2);
    let clients = crowd.clients(&installation);
    let mut book = crowd.fight_until(&clients, 3, ATTEMPTS, || {
        for cut in 1..=CUTS {
            settle("enough answers", || (crowd.answers.load(Ordering::Relaxed) >= cut * BETWEEN).then_some(()));
            cut_connections(&url);
        }
    });
    book.tell(&format!("herd whose connections were cut {CUTS} times"));
    assert_eq!(book.lost, 0);
    assert!(book.statuses.keys().all(|status| [201, 409, 503].contains(status)), "{:?}", book.statuses);
    assert!(book.statuses[&201] > 20, "{:?}", book.statuses);
    settle("it goes on by itself", || {
        let body = installation.anonymous().get("/health/ready");
        (body.status == 200 && body.json()["status"] == "ready").then_some(())
    });
    // Who is told 503 while a connection is cut cannot know whether the commit arrived before.
    book.lost = book.statuses.get(&503).copied().unwrap_or_default();
    book.compare(&installation.administrator());
    installation.check();
}

fn cut_connections(url: &str) {
    let statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    PgConnection::establish(url).expect("it answers").batch_execute(statement).expect("it may");
}
