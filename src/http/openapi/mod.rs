//! The route table as an OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.0>).

mod operation;
mod schemas;

use serde_json::{Map, Value, json};

use super::answer::BASE;
use super::table::Table;
use schemas::Schemas;

/// The document.
pub fn openapi(table: &Table) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for group in table.groups.iter() {
        for route in &group.routes {
            let operation = operation::describe(route, group.name, &mut schemas);
            let item = paths.entry(route.row.documented_path()).or_insert_with(|| json!({}));
            item[route.row.method.as_str().to_lowercase()] = operation;
        }
    }
    let mut paths = Value::Object(paths);
    let tags: Vec<_> =
        table.groups.iter().map(|group| json!({"name": group.name, "description": group.about})).collect();
    let components = schemas.finish(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bookly",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Reservations of a university's rooms, laboratories and equipment. Times are RFC 3339 in UTC. \
                            Every answer carries X-Correlation-Id; refusals are RFC 9457 problems.",
        },
        "servers": [{ "url": BASE }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The accessToken of POST /auth/login." },
            },
        },
    })
}
