//! The database goes away while events are on the broker.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::planners::Planners;
use super::witness::Witness;
use super::{check, letters, on_own_broker};
use crate::harness::settle;

#[test]
fn consumers_pause_and_no_event_is_blamed() {
    let Some((_broker, installation)) = on_own_broker(module_path!()) else { return };
    let url = installation.database_url().expect("PostgreSQL");
    let witness = Witness::place(&url);
    let planners = Planners::gather(&installation, 600);
    planners.fill(600, || {
        for round in 1..=3 {
            planners.wait_for(round * 120);
            allow_connections(&url, false);
            settle("it is not ready", || (installation.anonymous().get("/health/ready").status == 503).then_some(()));
            allow_connections(&url, true);
        }
    });
    check(&installation);
    witness.compare();
    assert_eq!(letters(&installation, "").len(), 0);
}

/// Lets nobody in, and throws everybody out, or opens the database again.
fn allow_connections(url: &str, allowed: bool) {
    let (server, name) = url.rsplit_once('/').expect("the URL names a database");
    let mut connection = PgConnection::establish(&format!("{server}/postgres")).expect("the server answers");
    let statements = format!(
        "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed};
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND NOT {allowed}"
    );
    connection.batch_execute(&statements).expect("executed");
}
