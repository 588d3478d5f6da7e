use std::collections::BTreeSet;

use serde_json::Value;

use super::Edge;
use crate::http::caller::Access;
use crate::http::openapi::openapi;
use crate::http::table;

#[test]
fn operation_ids_are_unique() {
    let table = table();
    let ids: BTreeSet<_> = table.routes().map(|route| route.row.id).collect();
    assert_eq!(ids.len(), table.routes().count());
    let rows: BTreeSet<_> =
        table.routes().map(|route| (route.row.documented_path(), route.row.method.to_string())).collect();
    assert_eq!(rows.len(), table.routes().count());
}

#[test]
fn what_is_open_to_everybody_is_known() {
    let table = table();
    let open: BTreeSet<_> =
        table.routes().filter(|route| route.row.access == Access::Public).map(|route| route.row.id).collect();
    assert_eq!(open, BTreeSet::from(["isLive", "isReady", "logIn", "refreshSession"]));
    let any: BTreeSet<_> =
        table.routes().filter(|route| route.row.access == Access::Caller).map(|route| route.row.id).collect();
    assert_eq!(
        any,
        BTreeSet::from([
            "getMe",
            "getReservation",
            "getSeries",
            "listActiveReservations",
            "listReservations",
            "logOut"
        ])
    );
}

#[test]
fn paths_have_one_form() {
    for route in table().routes() {
        let path = route.row.documented_path();
        let right = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => name.chars().all(char::is_alphanumeric),
            None => !segment.is_empty() && segment.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
        };
        assert!(path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(right)), "{path}");
    }
}

#[test]
fn every_reference_resolves() {
    let document = openapi(&table());
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn the_document_says_what_the_table_says() {
    let document = openapi(&table());
    let create = &document["paths"]["/resources"]["post"];
    assert_eq!(create["x-permission"], "resources:write");
    assert_eq!(
        create["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/NewResource"
    );
    assert_eq!(
        create["responses"]["201"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Resource"
    );
    assert_eq!(
        document["components"]["schemas"]["NewResource"]["required"],
        serde_json::json!(["code", "name", "type"])
    );
    let list = &document["paths"]["/resources"]["get"];
    let limit = list["parameters"].as_array().into_iter().flatten().find(|one| one["name"] == "limit").expect("limit");
    assert_eq!((limit["schema"]["minimum"].clone(), limit["schema"]["maximum"].clone()), (1.into(), 200.into()));
    assert!(document["paths"]["/admin/actors/{path}/restart"]["post"].is_object());
}

#[test]
fn every_field_of_the_contract_is_explained() {
    let document = openapi(&table());
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{field}");
        }
    }
}

#[actix_web::test]
async fn documents_are_served() {
    let edge = Edge::new().await;
    let document = edge.get("/api/v1/openapi.json").send().await.expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    let asyncapi = edge.get("/api/v1/asyncapi.yml").send().await.expect(200);
    assert!(asyncapi.text.contains("resource.created"));
    let page = edge.get("/docs").send().await.expect(200);
    let policy = page.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert_eq!(page.text.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert_eq!(edge.get("/").send().await.expect(302).header("location"), "/docs");
    let explained = edge.get("/problems/version.stale").send().await.expect(302);
    assert_eq!(explained.header("location"), "/docs#problem-version.stale");
    edge.get("/problems/nothing").send().await.refused(404, "not_found");
}
