//! The real timetable, imported through the command line.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::listing::{all, settle_events};
use super::sheet::{import, numbers};
use crate::harness::{Installation, on_each_engine, settle_within, skip};

const SIXTEEN_WEEKS: [&str; 2] = ["2027-01-18", "2027-05-09"];
const SEVENTEEN_WEEKS: [&str; 2] = ["2027-01-18", "2027-05-16"];
const BLOCKS: usize = 272;
/// Thousands of events are delivered in a test build.
const DELIVERY: Duration = Duration::from_secs(120);

fn file(test: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ufps-timetable.csv");
    if !path.is_file() {
        skip(test, "data: the real timetable is not there");
        return None;
    }
    Some(path)
}

/// The file as it is, and nothing refused; the number of resources and of reservations that are new and that were there.
fn outcome((code, report): (i32, Value)) -> [usize; 4] {
    assert_eq!(code, 0, "{}", report["refused"]);
    assert_eq!(numbers(&report, ["rows", "blocks", "refused", "warnings"]), [533, BLOCKS, 0, 160]);
    let warnings = report["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().all(|warning| warning["code"] == "capacity.exceeded"));
    assert_eq!(report["results"].as_array().map(Vec::len), Some(533));
    numbers(&report, ["resourcesCreated", "resourcesUnchanged", "reservationsCreated", "unchanged"])
}

fn check(installation: &Installation) {
    let administrator = installation.administrator();
    settle_within(DELIVERY, "every event is delivered", || {
        (administrator.get("/admin/checks").expect(200)["undelivered"] == 0).then_some(())
    });
    installation.check();
}

on_each_engine! {
    into_a_running_installation(engine) {
        let Some(file) = file(module_path!()) else { return };
        let installation = Installation::start(engine);
        let administrator = installation.administrator();

        assert_eq!(outcome(import(&installation, &file, SIXTEEN_WEEKS, &["--dry-run"])), [23, 0, 16 * BLOCKS, 0]);
        assert_eq!(all(&administrator, "/resources").len() + all(&administrator, "/reservations").len(), 0);

        let began = Instant::now();
        assert_eq!(outcome(import(&installation, &file, SIXTEEN_WEEKS, &[])), [23, 0, 16 * BLOCKS, 0]);
        println!("imported 16 weeks in {:?}", began.elapsed());
        check(&installation);

        let before = settle_events(&administrator, "reservation.created", 16 * BLOCKS);
        assert_eq!(outcome(import(&installation, &file, SIXTEEN_WEEKS, &["--strict"])), [0, 23, 0, 16 * BLOCKS]);
        assert_eq!(settle_events(&administrator, "reservation.created", 16 * BLOCKS), before);

        assert_eq!(outcome(import(&installation, &file, SEVENTEEN_WEEKS, &[])), [0, 23, BLOCKS, 16 * BLOCKS]);
        assert_eq!(all(&administrator, "/reservations?status=CONFIRMED").len(), 17 * BLOCKS);
        settle_events(&administrator, "reservation.created", 17 * BLOCKS);
        check(&installation);
    }

    into_an_installation_that_does_not_run(engine) {
        let Some(file) = file(module_path!()) else { return };
        let mut installation = Installation::start(engine);
        installation.kill();
        assert_eq!(outcome(import(&installation, &file, SIXTEEN_WEEKS, &[])), [23, 0, 16 * BLOCKS, 0]);
        assert_eq!(outcome(import(&installation, &file, SIXTEEN_WEEKS, &[])), [0, 23, 0, 16 * BLOCKS]);
        installation.run();
        check(&installation);
        let administrator = installation.administrator();
        assert_eq!(all(&administrator, "/reservations?status=CONFIRMED").len(), 16 * BLOCKS);
    }
}
