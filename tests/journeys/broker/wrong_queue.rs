//! A queue that is not as it must be.

use super::{bus, bus_becomes, check};
use crate::harness::{Broker, Engine, Installation, settle};

#[test]
fn a_queue_of_the_wrong_type_is_named_with_the_mend_and_mended() {
    let Some(broker) = Broker::start(module_path!()) else { return };
    let Some(engine) = Engine::with_broker(&broker, module_path!()) else { return };
    broker.declare_classic_queue("bookly.reports");
    let installation = Installation::start(engine);
    let detail = settle("readiness names the queue and what is wrong", || {
        let (status, detail) = bus(&installation);
        (status == "degraded" && detail.contains("must be")).then_some(detail)
    });
    assert!(detail.contains("bookly.reports") && detail.contains("topology apply"), "{detail}");

    let diff = installation.run_command(&["topology", "diff"], "");
    let said = String::from_utf8_lossy(&diff.stdout).into_owned();
    assert_eq!(diff.status.code(), Some(1), "{said}");
    assert!(said.contains("bookly.reports"), "{said}");

    let mended = installation.run_command(&["topology", "apply", "--recreate"], "");
    let said = String::from_utf8_lossy(&mended.stdout).into_owned();
    assert_eq!(mended.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&mended.stderr));
    bus_becomes(&installation, "ready");
    let equal = installation.run_command(&["topology", "diff"], "");
    assert_eq!(equal.status.code(), Some(0), "{}", String::from_utf8_lossy(&equal.stdout));
    check(&installation);
}
