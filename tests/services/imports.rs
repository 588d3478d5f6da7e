//! Timetables over HTTP.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::campus::{Campus, id, items, text};
use crate::harness::{Answer, on_each_engine, settle};

on_each_engine! {
    timetables_are_imported(engine) {
        let campus = Campus::start(engine);
        only_tried(&campus);
        strictly(&campus);
        later(&campus);
        again(&campus);
        not_at_all(&campus);
        campus.check();
    }
}

const HEADER: &str = "recurso,edificio,capacidad,dia,hora,programa,materia,docente,estudiantes,title_original";

/// Two adjacent hours that become one block, one of another day, and one with more students than fit.
fn timetable() -> String {
    let rows = [
        "SA401,SA,25,Martes,06:00-07:00,100-A,Algebra,Docente 01,20,\"Carrera\nMateria\"",
        "SA401,SA,25,Martes,07:00-08:00,100-A,Algebra,Docente 01,20,\"Carrera\nMateria\"",
        "SA402,SA,30,Miércoles,08:00-10:00,200-B,Fisica,Docente 02,40,x",
        "SA402,SA,30,Jueves,08:00-10:00,200-B,Fisica,Docente 02,30,x",
    ];
    format!("\u{feff}{HEADER}\n{}\n", rows.join("\n"))
}

fn with_a_bad_row() -> String {
    format!("{}SA403,SA,25,Martes,26:00-27:00,300-C,Quimica,Docente 03,20,x\n", timetable())
}

/// Three weeks from next month on.
fn term() -> String {
    let from = Utc::now().date_naive() + TimeDelta::days(30);
    format!("from={from}&to={}", from + TimeDelta::days(20))
}

fn import(campus: &Campus, query: &str, headers: &[(&str, &str)], file: &str) -> Answer {
    let headers = [&[("content-type", "text/csv")], headers].concat();
    let path = format!("/imports/timetable?{query}");
    campus.administrator.try_send("POST", &path, &headers, file.as_bytes().to_vec()).expect("an answer")
}

fn counts(report: &Value) -> [i64; 5] {
    ["rows", "resourcesCreated", "blocks", "reservationsCreated", "unchanged"]
        .map(|field| report[field].as_i64().unwrap_or_else(|| panic!("no {field}: {report}")))
}

fn codes(findings: &Value) -> Vec<(i64, String)> {
    let findings = findings.as_array().expect("a list");
    findings.iter().map(|one| (one["line"].as_i64().expect("a line"), text(&one["code"]))).collect()
}

fn stored(campus: &Campus) -> (usize, usize) {
    let count = |path: &str| items(&campus.administrator.get(path).expect(200)).len();
    (count("/resources?limit=200"), count("/reservations?limit=200"))
}

fn only_tried(campus: &Campus) {
    let report = import(campus, &format!("{}&dryRun=true", term()), &[], &timetable()).expect(200);
    assert_eq!((&report["dryRun"], counts(&report)), (&json!(true), [4, 2, 3, 9, 0]));
    assert_eq!(codes(&report["warnings"]), [(6, "capacity.exceeded".to_owned())]);
    assert_eq!(stored(campus), (0, 0));
}

fn strictly(campus: &Campus) {
    let refused = import(campus, &format!("{}&strict=true", term()), &[], &with_a_bad_row());
    let problem = refused.refused(422, "import.refused");
    assert_eq!(codes(&problem["report"]["refused"]), [(8, "hour.invalid".to_owned())]);
    assert_eq!(stored(campus), (0, 0));
}

fn later(campus: &Campus) {
    let begun = import(campus, &term(), &[("prefer", "respond-async")], &with_a_bad_row());
    assert_eq!(begun.header("preference-applied"), Some("respond-async"));
    let location = begun.header("location").expect("a location").to_owned();
    let begun = begun.expect(202);
    assert_eq!(location, format!("/api/v1/imports/{}", id(&begun)));
    let report = settle("the import finishes", || {
        let report = campus.administrator.get(&format!("/imports/{}", id(&begun))).expect(200);
        (report["finished"] == true).then_some(report)
    });
    assert_eq!((report["error"].clone(), report["done"].clone()), (Value::Null, json!(3)));
    assert_eq!(counts(&report), [5, 2, 3, 9, 0]);
    assert_eq!(codes(&report["refused"]), [(8, "hour.invalid".to_owned())]);
    let outcomes: Vec<_> =
        report["results"].as_array().expect("a list").iter().map(|one| text(&one["outcome"])).collect();
    assert_eq!(outcomes, ["created", "created", "created", "created", "refused"]);
    assert_eq!(stored(campus), (2, 9));
    let strict = import(campus, &format!("{}&strict=true", term()), &[("prefer", "respond-async")], &with_a_bad_row());
    let strict = strict.expect(202);
    let failed = settle("the strict import fails", || {
        let report = campus.administrator.get(&format!("/imports/{}", id(&strict))).expect(200);
        (report["finished"] == true).then_some(report)
    });
    assert!(text(&failed["error"]).contains("strict"), "{failed}");
}

fn again(campus: &Campus) {
    let report = import(campus, &term(), &[], &timetable()).expect(200);
    assert_eq!(counts(&report), [4, 0, 3, 0, 9]);
    assert_eq!(campus.administrator.get(&format!("/imports/{}", id(&report))).expect(200), report);
    assert_eq!(stored(campus), (2, 9));
    let room = &items(&campus.administrator.get("/resources?search=SA401").expect(200))[0];
    assert_eq!((&room["capacity"], &room["location"]["building"]), (&json!(25), &json!("SA")));
    campus.administrator.get("/imports/00000000-0000-7000-8000-000000000000").refused(404, "not_found");
}

fn not_at_all(campus: &Campus) {
    let long_header = "x".repeat(100_000);
    for file in ["", "a,b,c\n1,2,3\n", &long_header, &format!("{HEADER},dia\n")] {
        import(campus, &term(), &[], file).refused(422, "import.file");
    }
    let path = format!("/imports/timetable?{}", term());
    let send = |kind: &str, body: Vec<u8>| {
        campus.administrator.try_send("POST", &path, &[("content-type", kind)], body).expect("an answer")
    };
    for kind in ["application/json", "multipart/form-data; boundary=x", ""] {
        send(kind, timetable().into_bytes()).refused(415, "body.type");
    }
    send("text/csv; charset=utf-8", timetable().encode_utf16().flat_map(u16::to_le_bytes).collect())
        .refused(422, "import.file");
    for query in [
        "",
        "from=2026-02-02",
        "from=2026-02-02&to=2026-02-01",
        "from=2026-02-02&to=2028-02-01",
        "from=soon&to=later",
        "from=%2B262142-12-25&to=%2B262142-12-31",
        "from=-262000-01-01&to=-262000-02-01",
    ] {
        import(campus, query, &[], &timetable()).refused(400, "query.invalid");
    }
    assert_eq!(stored(campus), (2, 9));
}
