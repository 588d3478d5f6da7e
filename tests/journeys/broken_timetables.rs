//! Timetables with faults, and who may import.

use serde_json::Value;

use super::listing::{all, settle_events};
use super::sheet::{FIVE_WEEKS, FOUR_WEEKS, blocks, import, numbers, row, sheet, write};
use crate::harness::{Client, Installation, on_each_engine};

/// A file with four broken rows between good ones, and the lines and codes of the faults.
fn broken() -> (Vec<u8>, Vec<(u64, &'static str)>) {
    let mut bytes = sheet(1).into_bytes();
    let mut faults = Vec::new();
    let mut add = |text: &[u8], code: Option<&'static str>| {
        let line = 1 + u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).expect("a line");
        faults.extend(code.map(|code| (line, code)));
        bytes.extend(text);
    };
    let good = |room: &str| row(room, "Sábado", "08:00-09:00", "C");
    add(row("T1", "Lunes", "25:00-26:00", "C").as_bytes(), Some("hour.invalid"));
    add(good("T2").as_bytes(), None);
    add(row("", "Lunes", "08:00-09:00", "C").as_bytes(), Some("room.missing"));
    // What a spreadsheet writes that does not know UTF-8.
    add(b"T3,S,30,S\xe1bado,08:00-09:00,C,Materia,Docente,25,x\n", Some("encoding.invalid"));
    add(good("T4").as_bytes(), None);
    add(b"T5,S,30,Lunes,08:00-09:00,C,Materia,Docente,25,\"Materia : C\n", Some("quote.unterminated"));
    add(good("T6").as_bytes(), None);
    (bytes, faults)
}

fn refused(report: &Value) -> Vec<(u64, &str)> {
    let findings = report["refused"].as_array().expect("findings").iter();
    findings.map(|one| (one["line"].as_u64().expect("a line"), one["code"].as_str().expect("a code"))).collect()
}

/// So much is stored, and not an event more.
fn stored(administrator: &Client, resources: usize, reservations: usize) {
    assert_eq!(all(administrator, "/resources").len(), resources);
    assert_eq!(all(administrator, "/reservations").len(), reservations);
    settle_events(administrator, "resource.created", resources);
    settle_events(administrator, "reservation.created", reservations);
}

on_each_engine! {
    broken_rows_cost_themselves(engine) {
        let installation = Installation::start(engine);
        let administrator = installation.administrator();
        let (bytes, faults) = broken();
        let file = write(&installation, "broken.csv", &bytes);

        let (code, report) = import(&installation, &file, FOUR_WEEKS, &["--strict"]);
        assert_eq!((code, refused(&report)), (1, faults.clone()));
        assert!(report["error"].as_str().is_some_and(|error| error.contains("nothing was imported")), "{report}");
        let (code, report) = import(&installation, &file, FOUR_WEEKS, &["--dry-run"]);
        assert_eq!((code, refused(&report)), (1, faults.clone()));
        stored(&administrator, 0, 0);

        let (code, report) = import(&installation, &file, FOUR_WEEKS, &[]);
        assert_eq!((code, refused(&report)), (1, faults.clone()));
        let created = 4 * (blocks(1) + 3);
        assert_eq!(numbers(&report, ["rows", "resourcesCreated", "reservationsCreated"]), [27, 4, created]);
        installation.check();
        stored(&administrator, 4, created);

        let (code, report) = import(&installation, &file, FOUR_WEEKS, &[]);
        assert_eq!((code, numbers(&report, ["reservationsCreated", "unchanged"])), (1, [0, created]));
        stored(&administrator, 4, created);
    }

    planners_import_over_http(engine) {
        let installation = Installation::start(engine);
        let administrator = installation.administrator();
        let post = |role: &str, query: &str| {
            let path = format!("/imports/timetable?{query}");
            let headers = [("content-type", "text/csv")];
            installation.user(role).try_send("POST", &path, &headers, sheet(2).into_bytes()).expect("an answer")
        };
        let term = format!("from={}&to={}", FOUR_WEEKS[0], FOUR_WEEKS[1]);
        for role in ["STUDENT", "TEACHER", "SECURITY"] {
            post(role, &term).refused(403, "auth.forbidden");
        }
        stored(&administrator, 0, 0);
        post("PROGRAM_ADMIN", &format!("from={}&to={}", FOUR_WEEKS[1], FOUR_WEEKS[0])).refused(400, "query.invalid");
        let names = ["resourcesCreated", "reservationsCreated", "unchanged"];
        let report = post("PROGRAM_ADMIN", &format!("{term}&dryRun=true")).expect(200);
        assert_eq!(numbers(&report, names), [2, 4 * blocks(2), 0]);
        let report = post("PROGRAM_ADMIN", &term).expect(200);
        assert_eq!(numbers(&report, names), [2, 4 * blocks(2), 0]);
        let longer = format!("from={}&to={}", FIVE_WEEKS[0], FIVE_WEEKS[1]);
        let report = post("PROGRAM_ADMIN", &longer).expect(200);
        assert_eq!(numbers(&report, names), [0, blocks(2), 4 * blocks(2)]);
        installation.check();
        stored(&administrator, 2, 5 * blocks(2));
    }
}
