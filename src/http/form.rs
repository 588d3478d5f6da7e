//! Compares a JSON body with the schema of what an operation takes, so that every unknown, missing or mistyped field is
//! named at once and none is silently ignored.

use actors::violation::Violation;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// The schema of a body.
#[derive(Debug)]
pub struct Form {
    root: Value,
}

impl Form {
    /// The schema of `T` as it is read.
    pub fn of<T: JsonSchema>() -> Self {
        Self { root: SchemaGenerator::default().root_schema_for::<T>().to_value() }
    }

    /// Everything in `body` that the schema does not allow, as far as names and types go.
    pub fn check(&self, body: &Value) -> Vec<Violation> {
        let mut violations = Vec::new();
        self.compare(&self.root, body, "", &mut violations);
        violations
    }

    fn compare(&self, schema: &Value, value: &Value, at: &str, violations: &mut Vec<Violation>) {
        let schema = self.resolve(schema, value);
        if !has_type(schema, value) {
            let (wanted, found) = (names(schema).join(" or "), name(value));
            violations.push(Violation::field(
                "field.type",
                at,
                format!("{} must be {wanted}, not {found}", called(at)),
            ));
            return;
        }
        match value {
            Value::Object(fields) => self.compare_fields(schema, fields, at, violations),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.compare(&schema["items"], item, &format!("{at}[{index}]"), violations);
                }
            }
            // No engine but SQLite stores it, and nobody means it.
            Value::String(text) if text.contains('\0') => {
                let message = format!("{} holds the character NUL; take it out", called(at));
                violations.push(Violation::field("field.characters", at, message));
            }
            _ => {}
        }
    }

    fn compare_fields(&self, schema: &Value, fields: &Map<String, Value>, at: &str, violations: &mut Vec<Violation>) {
        let nested = |field: &str| if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") };
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        // A schema without properties is a map, or takes anything.
        let open =
            known.is_empty() || schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
        for (field, value) in fields {
            match known.get(field) {
                Some(schema) => self.compare(schema, value, &nested(field), violations),
                None if open => {}
                None => {
                    let names: Vec<_> = known.keys().map(String::as_str).collect();
                    let message = format!("there is no field {}; known here are {}", nested(field), names.join(", "));
                    violations.push(Violation::field("field.unknown", &nested(field), message));
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for field in
            required.into_iter().flatten().filter_map(Value::as_str).filter(|field| !fields.contains_key(*field))
        {
            violations.push(Violation::field(
                "field.missing",
                &nested(field),
                format!("{} is required", nested(field)),
            ));
        }
    }

    /// Follows references, and an alternative of "something or null" to the something.
    fn resolve<'a>(&'a self, schema: &'a Value, value: &Value) -> &'a Value {
        if let Some(path) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#')) {
            return self.root.pointer(path).map_or(schema, |found| self.resolve(found, value));
        }
        let choices = schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match choices {
            [something, null] if null["type"] == "null" => {
                if value.is_null() {
                    null
                } else {
                    self.resolve(something, value)
                }
            }
            _ => schema,
        }
    }
}

fn called(at: &str) -> &str {
    if at.is_empty() { "the body" } else { at }
}

fn names(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
        }
        _ => Vec::new(),
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let allowed = |wanted: &Value| wanted == name(value) || (wanted == "number" && value.is_number());
    match schema.get("type") {
        Some(Value::Array(several)) => several.iter().any(allowed),
        Some(one) => allowed(one),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use actors::resources::model::NewResource;
    use amqp::events::AvailabilityRules;
    use serde_json::json;

    use super::*;

    fn faults<T: JsonSchema>(body: &Value) -> Vec<(String, String)> {
        let violations = Form::of::<T>().check(body).into_iter();
        violations.map(|one| (one.code, one.field.unwrap_or_default())).collect()
    }

    fn fault(code: &str, field: &str) -> (String, String) {
        (code.to_owned(), field.to_owned())
    }

    #[test]
    fn a_right_body_has_no_faults() {
        let body = json!({
            "code": "A1", "name": "Room", "type": "CLASSROOM", "capacity": null, "programIds": [],
            "location": {"building": "A", "floor": "1"}, "attributes": {"anything": {"goes": [1]}},
        });
        assert_eq!(faults::<NewResource>(&body), []);
        let rules = serde_json::to_value(AvailabilityRules::default()).expect("JSON");
        assert_eq!(faults::<AvailabilityRules>(&rules), []);
    }

    #[test]
    fn every_fault_is_named_also_deep_inside() {
        let body =
            json!({"code": 7, "nmae": "Room", "type": "CLASSROOM", "location": {"buidling": "A"}, "programIds": [1]});
        let expected = [
            fault("field.type", "code"),
            fault("field.unknown", "nmae"),
            fault("field.unknown", "location.buidling"),
            fault("field.missing", "location.building"),
            fault("field.type", "programIds[0]"),
            fault("field.missing", "name"),
        ];
        assert_eq!(faults::<NewResource>(&body), expected);
    }

    #[test]
    fn a_text_with_nul_is_refused_wherever_it_stands() {
        let body = json!({"code": "A\u{0}", "name": "Room", "type": "CLASSROOM", "location": {"building": "\u{0}"}});
        let expected = [fault("field.characters", "code"), fault("field.characters", "location.building")];
        assert_eq!(faults::<NewResource>(&body), expected);
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        assert_eq!(faults::<NewResource>(&json!([])), [fault("field.type", "")]);
    }
}
