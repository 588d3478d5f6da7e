//! Who may use which operation: every row of the contract, for every role.

use serde_json::{Value, json};

use super::campus::{Campus, text};
use crate::harness::{Client, on_each_engine};

/// What everybody may use without an account.
const OPEN: [&str; 4] = ["isLive", "isReady", "logIn", "refreshSession"];

/// What each role may do, written down once more: the program's own table is what is tested.
const ROLES: [(&str, &str); 6] = [
    ("STUDENT", "resources:read reservations:write"),
    ("TEACHER", "resources:read reservations:write series:write"),
    ("SECURITY", "resources:read reservations:read-all"),
    (
        "ADMINISTRATIVE_STAFF",
        "resources:read resources:write reservations:write reservations:read-all reservations:manage series:write \
         reports:read",
    ),
    (
        "PROGRAM_ADMIN",
        "resources:read resources:write reservations:write reservations:read-all reservations:manage series:write \
         timetables:import reports:read users:read",
    ),
    (
        "GENERAL_ADMIN",
        "resources:read resources:write reservations:write reservations:read-all reservations:manage series:write \
         timetables:import reports:read users:read users:write events:read operate",
    ),
];

/// An operation of the contract.
struct Operation {
    id: String,
    method: String,
    path: String,
    permission: Option<String>,
}

fn operations(openapi: &Value) -> Vec<Operation> {
    let paths = openapi["paths"].as_object().expect("paths");
    let rows = paths.iter().flat_map(|(path, item)| {
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000").replace("{path}", "nothing");
        item.as_object().expect("an item").iter().map(move |(method, operation)| Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.clone(),
            permission: operation["x-permission"].as_str().map(str::to_owned),
        })
    });
    rows.collect()
}

fn ask(client: &Client, operation: &Operation) -> crate::harness::Answer {
    let body = (operation.method != "GET").then(|| json!({}));
    client.send(&operation.method, &operation.path, &[], body.as_ref())
}

on_each_engine! {
    each_operation_asks_for_its_permission(engine) {
        let campus = Campus::start(engine);
        let operations = operations(&campus.anonymous().get("/openapi.json").expect(200));
        assert!(operations.len() >= 35, "{} operations", operations.len());
        strangers_are_turned_away(&campus, &operations);
        for (role, permissions) in ROLES {
            let client = campus.member(role);
            for operation in &operations {
                let Some(permission) = &operation.permission else { continue };
                let answer = ask(&client, operation);
                if permissions.split_whitespace().any(|one| one == permission) {
                    assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{role} {}", operation.id);
                } else {
                    assert_eq!(answer.status, 403, "{role} {}", operation.id);
                    let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
                    assert!(challenge.contains("insufficient_scope"), "{challenge}");
                    assert_eq!(answer.refused(403, "auth.forbidden")["permission"], *permission);
                }
            }
        }
    }
}

fn strangers_are_turned_away(campus: &Campus, operations: &[Operation]) {
    let nobody = campus.anonymous();
    for operation in operations {
        let answer = ask(&nobody, operation);
        if OPEN.contains(&operation.id.as_str()) {
            let refused = answer.json()["code"] == "auth.unauthenticated";
            assert!(!refused && operation.permission.is_none(), "{}", operation.id);
            continue;
        }
        assert_eq!(answer.status, 401, "{}", operation.id);
        assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
        answer.refused(401, "auth.unauthenticated");
    }
    for document in ["/openapi.json", "/asyncapi.yml", "/docs"] {
        nobody.get(document).expect(200);
    }
    for token in ["garbage", "a.b.c", ""] {
        nobody.clone().with_token(token).get("/users/me").refused(401, "auth.unauthenticated");
    }
}
