//! How requests are read: everything that is wrong with one is told at once, and where.

use serde_json::json;

use super::campus::{Campus, faults, named, text};
use crate::harness::on_each_engine;

on_each_engine! {
    requests_are_read_strictly(engine) {
        let campus = Campus::start(engine);
        fields(&campus);
        documents(&campus);
        heads(&campus);
        characters(&campus);
        campus.check();
    }
}

fn fields(campus: &Campus) {
    let administrator = &campus.administrator;
    let bad = json!({
        "code": "", "name": "x".repeat(201), "type": "CLASSROOM", "capacity": 0, "description": "y".repeat(2_001),
    });
    let expected = named(&[
        ("capacity", "field.range"),
        ("code", "field.length"),
        ("description", "field.length"),
        ("name", "field.length"),
    ]);
    assert_eq!(faults(administrator.post("/resources", &bad), 422, "rules.broken"), expected);
    let bad = json!({"kode": "A", "name": 7, "type": "CLASSROOM", "location": {"flor": "1"}});
    let expected = named(&[
        ("code", "field.missing"),
        ("kode", "field.unknown"),
        ("location.building", "field.missing"),
        ("location.flor", "field.unknown"),
        ("name", "field.type"),
    ]);
    assert_eq!(faults(administrator.post("/resources", &bad), 400, "body.malformed"), expected);
    let cave = administrator.post("/resources", &json!({"code": "A", "name": "B", "type": "CAVE"}));
    assert!(text(&cave.refused(400, "body.malformed")["detail"]).contains("LABORATORY"));
    let person =
        administrator.post("/resources", &json!({"code": "A", "name": "B", "type": "CLASSROOM", "categoryId": "x"}));
    assert!(text(&person.refused(400, "body.malformed")["detail"]).contains("UUID"));
}

fn documents(campus: &Campus) {
    let send = |kind: &str, body: Vec<u8>| {
        campus.administrator.try_send("POST", "/resources", &[("content-type", kind)], body).expect("an answer")
    };
    let malformed = send("application/json", b"{\n  \"code\": }".to_vec()).refused(400, "body.malformed");
    assert!(text(&malformed["detail"]).contains("line 2 column 11"), "{malformed}");
    for body in [&b""[..], b"[]", b"null", b"\xff\xfe", b"{\"code\": \"A\"} {}"] {
        send("application/json", body.to_vec()).refused(400, "body.malformed");
    }
    send("application/json; charset=utf-8", b"{}".to_vec()).refused(400, "body.malformed");
    for kind in ["text/plain", "application/xml", "application/jsonx", ""] {
        send(kind, b"{}".to_vec()).refused(415, "body.type");
    }
    send("application/json", vec![b' '; 1024 * 1024 + 1]).refused(413, "body.too_large");
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    send("application/json", nested).refused(400, "body.malformed");
}

fn heads(campus: &Campus) {
    let administrator = &campus.administrator;
    for (method, path, allowed) in [
        ("PUT", "/resources", "GET, HEAD, POST"),
        ("DELETE", "/users/me", "GET, HEAD"),
        ("GET", "/auth/login", "POST"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
    ] {
        let answer = administrator.send(method, path, &[], None);
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        answer.refused(405, "method.not_allowed");
    }
    for path in ["/nothing", "/resources/", "/resources/a/b/c", "//resources", "/../etc/passwd"] {
        administrator.get(path).refused(404, "path.unknown");
    }
    administrator.get("/users/me?verbose=1").refused(400, "query.invalid");
    administrator.send("DELETE", "/resources/x?raeson=typo", &[], None).refused(400, "query.invalid");
    let head = administrator.send("HEAD", "/resources", &[], None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

/// What only one of the engines could store is refused on both.
fn characters(campus: &Campus) {
    let administrator = &campus.administrator;
    let nul = "a\u{0}b";
    for (field, at, value) in [
        ("code", "code", json!(nul)),
        ("description", "description", json!(nul)),
        ("location", "location.room", json!({"building": "A", "room": nul})),
    ] {
        let mut body = json!({"code": "Z1", "name": "Z", "type": "CLASSROOM"});
        body[field] = value;
        let expected = named(&[(at, "field.characters")]);
        assert_eq!(faults(administrator.post("/resources", &body), 400, "body.malformed"), expected);
    }
    let bell = json!({"code": "A\u{7}", "name": "B\u{1b}[1m", "type": "CLASSROOM"});
    let expected = named(&[("code", "field.characters"), ("name", "field.characters")]);
    assert_eq!(faults(administrator.post("/resources", &bell), 422, "rules.broken"), expected);

    let attributes = json!({"x": nul, nul: [1, 2.5, null, {"deep": true}]});
    let body =
        json!({"code": "Z2", "name": "Emoji 🏫 'quoted' \"twice\"", "type": "CLASSROOM", "attributes": attributes});
    let created = administrator.post("/resources", &body).expect(201);
    assert_eq!((&created["attributes"], &created["name"]), (&body["attributes"], &body["name"]));
    let path = format!("/resources/{}", text(&created["id"]));
    assert_eq!(administrator.get(&path).expect(200), created);
    let too_long = "x".repeat(501);
    let expected = named(&[("reason", "field.length")]);
    let status = json!({"status": "MAINTENANCE", "reason": too_long});
    let category = json!({"categoryId": null, "reason": too_long});
    for answer in [
        administrator.patch(&format!("{path}/status"), &status),
        administrator.patch(&format!("{path}/category"), &category),
        administrator.delete(&format!("{path}?reason={too_long}")),
    ] {
        assert_eq!(faults(answer, 422, "rules.broken"), expected);
    }
    administrator.delete(&format!("{path}?reason=%00")).refused(400, "query.invalid");
}
