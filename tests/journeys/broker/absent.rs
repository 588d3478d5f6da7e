//! The broker is not there when the process starts.

use super::planners::Planners;
use super::witness::Witness;
use super::{bus, bus_becomes, check};
use crate::harness::{Broker, Client, Engine, Installation};

/// Readers that wait at the same time.
const CROWD: u64 = 40;

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

#[test]
fn a_crowd_that_waits_for_a_new_resource_asks_little() {
    let Some(mut broker) = Broker::start(module_path!()) else { return };
    let Some(engine) = Engine::with_broker(&broker, module_path!()) else { return };
    broker.kill();
    let installation = Installation::start(engine);
    let administrator = installation.administrator();
    let room = administrator.post("/resources", &json_room()).expect(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/resources/{room}/availability?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z");
    let before = handled(&administrator);
    std::thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| administrator.get(&path).expect(503));
        }
    });
    let asked = handled(&administrator) - before;
    assert!(asked <= CROWD * 10, "{asked} questions");
    let unknown = path.replace(&room, "01900000-0000-7000-8000-000000000000");
    administrator.get(&unknown).refused(404, "not_found");
}

/// Messages that the services which are asked for free time have handled.
fn handled(administrator: &Client) -> u64 {
    let tree = administrator.get("/admin/actors").expect(200);
    let services = tree["children"].as_array().expect("children").iter().find(|part| part["name"] == "services");
    let services = services.expect("services")["children"].as_array().expect("children");
    let asked = services.iter().filter(|part| part["name"] == "resources" || part["name"] == "availability");
    asked.map(|part| part["handled"].as_u64().expect("a count")).sum()
}
