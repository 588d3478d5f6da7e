//! The broker is not there when the process starts.

use super::planners::Planners;
use super::witness::Witness;
use super::{bus, bus_becomes, check};
use crate::harness::{Broker, Engine, Installation};

#[test]
fn reservations_are_accepted_and_delivered_when_the_broker_comes() {
    let Some(mut broker) = Broker::start(module_path!()) else { return };
    let Some(engine) = Engine::with_broker(&broker, module_path!()) else { return };
    broker.kill();
    let installation = Installation::start(engine);
    let (status, detail) = bus(&installation);
    assert_eq!(status, "degraded", "{detail}");
    assert!(detail.contains("cannot be reached"), "{detail}");
    assert!(!detail.contains("guest:guest"), "{detail}");
    assert_eq!(installation.anonymous().get("/health/ready").status, 200);

    let administrator = installation.administrator();
    let room = json_room();
    administrator.post("/resources", &room).expect(201);
    let waiting = administrator.get("/admin/checks").expect(200)["undelivered"].as_i64().expect("a number");
    assert!(waiting >= 1, "{waiting}");

    broker.restart();
    bus_becomes(&installation, "ready");
    let witness = Witness::place(&installation.database_url().expect("PostgreSQL"));
    let planners = Planners::gather(&installation, 50);
    planners.fill(50, || ());
    check(&installation);
    witness.compare();
}

#[test]
fn a_wrong_password_is_told_from_an_absent_broker() {
    let Some(broker) = Broker::start(module_path!()) else { return };
    let Some(engine) = Engine::with_broker(&broker, module_path!()) else { return };
    let url = broker.url().replace("guest:guest@", "guest:wrong@");
    let installation = Installation::start(engine.with_amqp_url(&url));
    let detail = bus_becomes(&installation, "degraded");
    assert!(detail.contains("refuses") && detail.contains("AMQP_URL"), "{detail}");
    assert!(!detail.contains("wrong@"), "{detail}");
}

fn json_room() -> serde_json::Value {
    serde_json::json!({"code": "A1", "name": "Room", "type": "CLASSROOM"})
}
