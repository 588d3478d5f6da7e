//! One operation of the document.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, value};
use crate::http::caller::Access;
use crate::http::problem::{Kind, MEDIA_TYPE, ProblemDocument, kind};
use crate::http::route::Route;

/// Describes an operation of the group called `tag`.
pub fn describe(route: &Route, tag: &str, schemas: &mut Schemas) -> Value {
    let row = &route.row;
    let mut operation = json!({ "operationId": row.id, "summary": row.summary, "tags": [tag] });
    match row.access {
        Access::Public => operation["security"] = json!([]),
        Access::Caller => operation["security"] = json!([{ "bearer": [] }]),
        Access::Permission(permission) => {
            operation["security"] = json!([{ "bearer": [permission.name()] }]);
            operation["description"] = format!("Needs the permission `{}`.", permission.name()).into();
            operation["x-permission"] = permission.name().into();
        }
    }
    operation["parameters"] = parameters(route, schemas).into();
    if let Some(body) = &route.body {
        let schema = value((body.schema)(&mut schemas.read));
        operation["requestBody"] =
            json!({ "required": !body.optional, "content": { body.media_type: { "schema": schema } } });
    }
    operation["responses"] = responses(route, schemas).into();
    operation
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters: Vec<Value> = path_parameters(&route.row.documented_path()).collect();
    let query = value((route.parameters)(&mut schemas.read));
    let required = |name: &str| query["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    for (name, schema) in query["properties"].as_object().into_iter().flatten() {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
        let mut parameter = json!({ "name": name, "in": "query", "required": required(name), "schema": schema });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        if parameter["schema"]["type"] == "array" {
            parameter["explode"] = false.into();
        }
        parameters.push(parameter);
    }
    parameters.extend(headers(route).map(|(name, description)| {
        json!({ "name": name, "in": "header", "required": false, "schema": { "type": "string" }, "description": description })
    }));
    parameters
}

fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let schema =
            if name == "id" { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "string" }) };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    })
}

fn headers(route: &Route) -> impl Iterator<Item = (&'static str, &'static str)> {
    let row = &route.row;
    let refuses_stale = row.refusals.contains(&&kind::VERSION_STALE);
    [
        (
            row.takes_idempotency_key(),
            "Idempotency-Key",
            "Chosen by the client, one a request: a repetition gets the first answer.",
        ),
        (refuses_stale, "If-Match", "The ETag of the version that is to be changed; another version is refused."),
        (row.method == Method::GET, "If-None-Match", "The ETag that the client has; 304 when it is the same."),
    ]
    .into_iter()
    .filter_map(|(applies, name, description)| applies.then_some((name, description)))
}

fn responses(route: &Route, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses = Map::new();
    let mut success = json!({ "description": route.row.status.canonical_reason().unwrap_or("Done") });
    for (media_type, schema) in (route.answer)(&mut schemas.written) {
        success["content"][media_type]["schema"] = value(schema);
    }
    if let Some((status, meaning)) = route.row.other_status {
        let mut other = success.clone();
        other["description"] = meaning.into();
        responses.insert(status.as_str().to_owned(), other);
    }
    if route.row.method == Method::GET {
        let unchanged = "The client has it already: its If-None-Match names the current ETag.";
        responses.insert("304".to_owned(), json!({ "description": unchanged }));
    }
    responses.insert(route.row.status.as_str().to_owned(), success);
    let problem = value(schemas.written.subschema_for::<ProblemDocument>());
    for (status, kinds) in refusals(route) {
        let lines: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.title)).collect();
        let codes: Vec<_> = kinds.iter().map(|kind| kind.code).collect();
        responses.insert(
            status.to_string(),
            json!({
                "description": lines.join("\n\n"),
                "content": { MEDIA_TYPE: { "schema": problem } },
                "x-codes": codes,
            }),
        );
    }
    responses
}

/// Every kind of refusal by status: those that the row names, and those that its form implies.
fn refusals(route: &Route) -> BTreeMap<u16, Vec<&'static Kind>> {
    let row = &route.row;
    let implied: [(bool, &[&'static Kind]); 6] = [
        (true, &[&kind::QUERY_INVALID, &kind::INTERNAL, &kind::UNAVAILABLE]),
        (
            row.access != Access::Public,
            &[&kind::UNAUTHENTICATED, &kind::SESSION_ENDED, &kind::INACTIVE, &kind::OVERLOADED, &kind::LATE],
        ),
        (matches!(row.access, Access::Permission(_)), &[&kind::FORBIDDEN]),
        (route.body.is_some(), &[&kind::BODY_MALFORMED, &kind::BODY_TOO_LARGE, &kind::BODY_TYPE, &kind::BODY_LATE]),
        (row.changes(), &[&kind::HEADER_INVALID]),
        (row.takes_idempotency_key(), &[&kind::IDEMPOTENCY_IN_PROGRESS, &kind::IDEMPOTENCY_MISMATCH]),
    ];
    let implied = implied.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, kinds)| kinds.iter().copied());
    let mut refusals: BTreeMap<u16, Vec<&'static Kind>> = BTreeMap::new();
    for kind in row.refusals.iter().copied().chain(implied) {
        let kinds = refusals.entry(kind.status).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    refusals
}
