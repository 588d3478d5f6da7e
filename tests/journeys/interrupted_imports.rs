//! Imports whose process is killed, or whose actor panics, in the middle.

use serde_json::{Value, json};

use super::inside::{Inside, inject_panic};
use super::listing::{all, settle_events, text};
use super::sheet::{FOUR_WEEKS, blocks, import, numbers, sheet, write};
use crate::harness::{Client, Installation, on_each_engine, settle};

const ROOMS: usize = 60;
const TOTAL: usize = 4 * ROOMS * 5 * 2;

/// Begins an import and waits until it is in its middle; its identifier.
fn begin(client: &Client) -> String {
    let path = format!("/imports/timetable?from={}&to={}", FOUR_WEEKS[0], FOUR_WEEKS[1]);
    let headers = [("content-type", "text/csv"), ("prefer", "respond-async")];
    let begun = client.try_send("POST", &path, &headers, sheet(ROOMS).into_bytes()).expect("an answer");
    let id = text(&begun.expect(202), "id");
    settle("the import is in its middle", || {
        let report = client.get(&format!("/imports/{id}")).expect(200);
        (report["done"].as_u64() > Some(0)).then_some(())
    });
    id
}

/// Whoever waits for the import is told that it broke off, and what to do.
fn broke_off(client: &Client, id: &str) {
    let report: Value = settle("the import has come to its end", || {
        let report = client.get(&format!("/imports/{id}")).expect(200);
        (report["finished"] == true).then_some(report)
    });
    let error = report["error"].as_str().unwrap_or_default();
    assert!(error.contains("broke off") && error.contains("import the file again"), "{report}");
}

on_each_engine! {
    a_killed_import_is_completed_by_the_next(engine) {
        assert_eq!(TOTAL, 4 * blocks(ROOMS));
        let mut installation = Installation::start(engine);
        let id = begin(&installation.administrator());
        installation.kill();
        installation.run();

        let administrator = installation.administrator();
        broke_off(&administrator, &id);
        let before = all(&administrator, "/reservations").len();
        assert!((1..TOTAL).contains(&before), "{before} of {TOTAL}: it was not killed in its middle");
        let file = write(&installation, "sheet.csv", sheet(ROOMS).as_bytes());
        let (code, report) = import(&installation, &file, FOUR_WEEKS, &[]);
        assert_eq!((code, numbers(&report, ["reservationsCreated", "unchanged"])), (0, [TOTAL - before, before]));
        assert_eq!(report["refused"], json!([]));
        assert_eq!(all(&administrator, "/reservations").len(), TOTAL);
        assert_eq!(all(&administrator, "/resources").len(), ROOMS);
        installation.check();
        settle_events(&administrator, "reservation.created", TOTAL);
    }

    an_import_whose_actor_panics_says_that_it_broke_off(engine) {
        let inside = Inside::start(engine);
        let administrator = inside.administrator();
        let id = begin(&administrator);
        inject_panic(&inside.running, "bookly/services/imports");
        broke_off(&administrator, &id);
    }
}
