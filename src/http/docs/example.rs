//! Example values, made up from schemas.

use serde_json::{Map, Value, json};

/// How deep examples go; a schema may contain itself.
const DEPTH: usize = 6;

/// The smallest value that the schema allows.
pub fn example(openapi: &Value, schema: &Value) -> Value {
    below(openapi, schema, DEPTH)
}

fn below(openapi: &Value, schema: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|path| openapi.pointer(path.trim_start_matches('#'))) {
        return below(openapi, target, depth - 1);
    }
    let given = schema.pointer("/examples/0").or_else(|| schema.get("const")).or_else(|| schema.pointer("/enum/0"));
    if let Some(given) = given.or_else(|| schema.get("default")) {
        return given.clone();
    }
    if let Some(choice) = ["/anyOf/0", "/oneOf/0", "/allOf/0"].iter().find_map(|path| schema.pointer(path)) {
        return below(openapi, choice, depth - 1);
    }
    let name = schema["type"].as_str().or_else(|| schema.pointer("/type/0").and_then(Value::as_str));
    match name.unwrap_or_default() {
        "object" => object(openapi, schema, depth),
        "array" => json!([]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(true),
        "string" => match schema["format"].as_str() {
            Some("uuid") => json!("0199b8a4-6c00-7000-8000-000000000010"),
            Some("date-time") => json!("2026-03-02T08:00:00Z"),
            _ => json!("text"),
        },
        _ => Value::Null,
    }
}

fn object(openapi: &Value, schema: &Value, depth: usize) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let all = required.is_empty();
    let shown = properties.filter(|(name, _)| all || required.contains(&name.as_str()));
    Value::Object(shown.map(|(name, field)| (name.clone(), below(openapi, field, depth - 1))).collect::<Map<_, _>>())
}
