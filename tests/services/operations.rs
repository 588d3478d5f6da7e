//! What operators and programs meet: health, the actors, the contract's documents, and the form of every answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::campus::{Campus, items, text};
use crate::harness::{Answer, on_each_engine, settle};

on_each_engine! {
    operators_see_and_restart_the_parts(engine) {
        let campus = Campus::start(engine);
        health(&campus);
        each_actor_comes_back(&campus);
        campus.check();
    }

    the_contract_is_served(engine) {
        let campus = Campus::start(engine);
        openapi(&campus);
        asyncapi(&campus);
        page(&campus);
        refusals(&campus);
    }
}

fn health(campus: &Campus) {
    let nobody = campus.anonymous();
    assert_eq!(nobody.get("/health/live").expect(200), json!({"status": "live"}));
    campus.settled();
    // With a broker it is degraded until the connections are up.
    let ready = settle("it is ready", || {
        Some(nobody.get("/health/ready").expect(200)).filter(|ready| ready["status"] == "ready")
    });
    let parts: Vec<_> = ready["parts"].as_object().expect("parts").keys().collect();
    assert_eq!(parts, ["database", "bus", "cache", "actors"]);
    for part in parts {
        assert_eq!(ready["parts"][part]["status"], "ready", "{part}");
    }
}

fn leaves<'a>(node: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(node);
    node["children"].as_array().expect("children").iter().for_each(|child| leaves(child, found));
}

fn find(campus: &Campus, path: &str) -> Value {
    let tree = campus.administrator.get("/admin/actors").expect(200);
    let mut nodes = Vec::new();
    leaves(&tree, &mut nodes);
    nodes.into_iter().find(|node| node["path"] == path).unwrap_or_else(|| panic!("no {path}")).clone()
}

fn each_actor_comes_back(campus: &Campus) {
    let administrator = &campus.administrator;
    let tree = administrator.get("/admin/actors").expect(200);
    let mut nodes = Vec::new();
    leaves(&tree, &mut nodes);
    let names: BTreeSet<_> = nodes.iter().map(|node| text(&node["name"])).collect();
    let expected = [
        "auth",
        "availability",
        "bookly",
        "bridge",
        "cache",
        "dead-letters",
        "events",
        "imports",
        "relay",
        "reports",
        "resources",
        "services",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
    for node in nodes {
        let (path, actor) = (text(&node["path"]), node["kind"] == "actor");
        assert_eq!((&node["state"], actor), (&json!("running"), node["children"] == json!([])), "{path}");
        assert!(!actor || node["mailbox"]["capacity"].as_u64() > Some(0), "{node}");
        let before = find(campus, &path)["restart_count"].as_u64();
        let answer = administrator.send("POST", &format!("/admin/actors/{path}/restart"), &[], None);
        assert_eq!(answer.status, 204, "{path}: {}", answer.text);
        settle("the actor runs again", || {
            let after = find(campus, &path);
            let restarted = !actor || after["restart_count"].as_u64() > before;
            (restarted && after["state"] == "running").then_some(())
        });
    }
    settle("all is ready again", || {
        (campus.anonymous().get("/health/ready").json()["status"] == "ready").then_some(())
    });
    campus.room("AFTER");
    for nothing in ["nothing", "bookly/services/nothing", "bookly/services", "auth"] {
        let answer = administrator.send("POST", &format!("/admin/actors/{nothing}/restart"), &[], None);
        if nothing != "bookly/services" {
            answer.refused(404, "not_found");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The operations that are promised so far.
const PROMISED: &str = "
    POST /auth/login, POST /auth/refresh, POST /auth/logout, GET /users/me, GET /users, POST /users, GET /users/{id},
    POST /users/{id}/roles, POST /resources, GET /resources, GET /resources/{id}, PATCH /resources/{id},
    DELETE /resources/{id}, PATCH /resources/{id}/status, PATCH /resources/{id}/category, GET /resources/{id}/rules,
    PUT /resources/{id}/rules, GET /categories, POST /categories, PATCH /categories/{id}, POST /imports/timetable,
    GET /imports/{id}, POST /reservations, GET /reservations, GET /reservations/active, GET /reservations/{id}, PATCH /reservations/{id},
    POST /reservations/{id}/cancel, POST /reservations/series, GET /reservations/series/{id},
    DELETE /reservations/series/{id}, GET /resources/{id}/availability, GET /availability/search, GET /events,
    GET /admin/actors, POST /admin/actors/{path}/restart, GET /health/live, GET /health/ready, GET /reports/usage";

fn openapi(campus: &Campus) {
    let answer = campus.anonymous().get("/openapi.json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.expect(200);
    assert!(text(&document["openapi"]).starts_with("3.1."), "{}", document["openapi"]);
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let target = reference.strip_prefix('#').and_then(|path| document.pointer(path));
        assert!(target.is_some_and(Value::is_object), "{reference} leads nowhere");
    }
    for promised in PROMISED.split(',').map(str::trim) {
        let (method, path) = promised.split_once(' ').expect("a method and a path");
        let operation = &document["paths"][path][method.to_lowercase()];
        assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{promised} is missing");
    }
    for (path, statuses) in [("/reservations/series", ["200", "201"]), ("/imports/timetable", ["200", "202"])] {
        for status in statuses {
            let answer = &document["paths"][path]["post"]["responses"][status];
            assert!(answer["content"]["application/json"]["schema"].is_object(), "{path} {status}");
        }
    }
}

fn asyncapi(campus: &Campus) {
    let answer = campus.anonymous().get("/asyncapi.yml");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/yaml")));
    let document: Value = serde_yaml_ng::from_str(&answer.text).expect("YAML");
    assert_eq!(document["asyncapi"], "2.6.0");
    for entry in amqp::catalogue::ENTRIES {
        assert!(document["channels"][entry.event_type].is_object(), "{}", entry.event_type);
    }
}

fn page(campus: &Campus) {
    let document = campus.anonymous().get("/openapi.json").expect(200);
    let page = campus.anonymous().get("/docs");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for foreign in ["src=", "<link", "@import", "url(", "<iframe", "//cdn", "import("] {
        assert!(!page.text.contains(foreign), "{foreign}");
    }
    // Texts may show addresses; what the browser would fetch or run may not.
    for attribute in ["href=\"http", "action=\"http", "fetch(\"http"] {
        assert!(!page.text.contains(attribute), "{attribute}");
    }
    for operation in document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("an item").values())
    {
        let id = text(&operation["operationId"]);
        assert!(page.text.contains(&format!("id=\"op-{id}\"")), "{id} is not on the page");
    }
    let root = campus.anonymous().get("/");
    assert_eq!(root.status, 200, "it leads to the page");
}

/// A problem document, whole (RFC 9457).
#[track_caller]
fn is_problem(answer: Answer, status: u16, code: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let correlation = answer.header("x-correlation-id").map(str::to_owned);
    let problem = answer.refused(status, code);
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert_eq!((&problem["status"], problem["correlationId"].as_str()), (&json!(status), correlation.as_deref()));
    assert!(!text(&problem["title"]).is_empty() && !text(&problem["detail"]).is_empty(), "{problem}");
}

fn refusals(campus: &Campus) {
    let (nobody, administrator) = (campus.anonymous(), &campus.administrator);
    is_problem(nobody.get("/resources"), 401, "auth.unauthenticated");
    is_problem(nobody.post("/auth/login", &json!({"email": "a@b.c", "password": "x"})), 401, "auth.login_refused");
    is_problem(campus.member("STUDENT").get("/events"), 403, "auth.forbidden");
    is_problem(administrator.get("/nothing"), 404, "path.unknown");
    is_problem(administrator.get("/resources/x"), 404, "not_found");
    is_problem(administrator.delete("/resources"), 405, "method.not_allowed");
    is_problem(administrator.get("/resources?limit=x"), 400, "query.invalid");
    is_problem(administrator.post("/resources", &json!({})), 400, "body.malformed");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    is_problem(
        administrator.try_send("POST", "/resources", &form, b"a=b".to_vec()).expect("an answer"),
        415,
        "body.type",
    );
    let empty = json!({"code": "", "name": "A", "type": "CLASSROOM"});
    is_problem(administrator.post("/resources", &empty), 422, "rules.broken");
    is_problem(administrator.get("/problems/nothing"), 404, "path.unknown");
    for path in ["/health/live", "/resources", "/nothing", "/openapi.json", "/docs"] {
        let answer = administrator.get(path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(
            answer.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'"))
        );
        assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{path}");
    }
    assert_eq!(items(&administrator.get("/resources").expect(200)), Vec::<Value>::new());
}
