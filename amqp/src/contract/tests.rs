use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;

fn yaml(text: &str) -> Value {
    serde_yaml_ng::from_str(text).unwrap()
}

fn documents() -> Vec<Value> {
    let of_services = Service::ALL.into_iter().filter(|&service| has_rows(service)).map(asyncapi_for);
    of_services.chain([asyncapi()]).map(|text| yaml(&text)).collect()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("$ref", Value::String(reference)) => found.push(reference),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    for document in documents() {
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for kind in ["schemas", "messages"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                assert!(found.contains(&format!("#/components/{kind}/{name}").as_str()), "{kind}/{name} is not used");
            }
        }
    }
}

/// What of `value` contradicts `schema`, for the keywords that the schemas use; any other keyword is a complaint.
fn complaints(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Value::Object(keywords) = schema else {
        return Vec::new();
    };
    keywords.iter().flat_map(|(keyword, rule)| complaint(document, keywords, keyword, rule, value, at)).collect()
}

fn complaint(
    document: &Value,
    keywords: &Map<String, Value>,
    keyword: &str,
    rule: &Value,
    value: &Value,
    at: &str,
) -> Vec<String> {
    let check = |schema, value, at: &str| complaints(document, schema, value, at);
    let ok = match keyword {
        "$ref" => {
            return check(document.pointer(&rule.as_str().unwrap()[1..]).unwrap(), value, at);
        }
        "allOf" => {
            return rule.as_array().unwrap().iter().flat_map(|schema| check(schema, value, at)).collect();
        }
        "oneOf" => rule.as_array().unwrap().iter().filter(|schema| check(schema, value, at).is_empty()).count() == 1,
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "type" => rule.as_str().is_some_and(|name| has_type(value, name)),
        "minimum" => value.as_f64().unwrap() >= rule.as_f64().unwrap(),
        "maximum" => value.as_f64().unwrap() <= rule.as_f64().unwrap(),
        "required" => rule.as_array().unwrap().iter().all(|field| value.get(field.as_str().unwrap()).is_some()),
        "items" => {
            return value.as_array().unwrap().iter().flat_map(|item| check(rule, item, &format!("{at}[]"))).collect();
        }
        "properties" => {
            let fields = value.as_object().unwrap().iter();
            return fields
                .flat_map(|(name, value)| match rule.get(name) {
                    Some(schema) => check(schema, value, &format!("{at}.{name}")),
                    None if keywords.contains_key("additionalProperties") => Vec::new(),
                    None => vec![format!("{at}.{name} is not in the schema")],
                })
                .collect();
        }
        "format" => value.is_number() || has_format(value.as_str().unwrap(), rule.as_str().unwrap()),
        "description" | "title" | "default" | "examples" | "additionalProperties" | "pattern" => true,
        _ => false,
    };
    if ok { Vec::new() } else { vec![format!("{at}: {keyword} {rule} against {value}")] }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        _ => false,
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "uuid" => text.parse::<uuid::Uuid>().is_ok(),
        "date-time" => text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
        "email" => text.contains('@'),
        _ => false,
    }
}

#[test]
fn every_example_is_valid() {
    let document = yaml(&asyncapi());
    for entry in catalogue::ENTRIES {
        let message = &document["components"]["messages"][entry.payload];
        let example = &message["examples"][0]["payload"];
        let found = complaints(&document, &message["payload"], example, entry.event_type);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_wrong_example_would_be_noticed() {
    let document = yaml(&asyncapi());
    let message = &document["components"]["messages"]["ResourceCreated"];
    let noticed = |change: &dyn Fn(&mut Value)| {
        let mut example = message["examples"][0]["payload"].clone();
        change(&mut example);
        !complaints(&document, &message["payload"], &example, "").is_empty()
    };
    assert!(noticed(&|example| example["eventType"] = json!("resource.updated")));
    assert!(noticed(&|example| example["data"]["type"] = json!("CASTLE")));
    assert!(noticed(&|example| example["data"]["colour"] = json!("red")));
    assert!(noticed(&|example| example["data"]["location"] = json!({})));
    assert!(noticed(&|example| example["data"]["createdBy"] = json!("somebody")));
    assert!(noticed(&|example| example["version"] = json!(0)));
    assert!(noticed(&|example| drop(example.as_object_mut().unwrap().shift_remove("metadata"))));
}

#[test]
fn the_contract_has_the_rows_of_the_table_and_no_others() {
    let document = yaml(&asyncapi());
    let channels: Vec<_> = document["channels"].as_object().unwrap().keys().cloned().collect();
    let types: Vec<_> = catalogue::ENTRIES.iter().map(|entry| entry.event_type).collect();
    assert_eq!(channels, types);
}

#[test]
fn a_services_contract_says_which_way_its_events_flow() {
    let document = yaml(&asyncapi_for(Service::Availability));
    let produced = &document["channels"]["reservation.created"];
    assert!(produced.get("subscribe").is_some() && produced.get("publish").is_none());
    let consumed = &document["channels"]["resource.deleted"];
    assert!(consumed.get("publish").is_some() && consumed.get("subscribe").is_none());
    assert!(document["channels"].get("user.registered").is_none());
}

#[test]
fn operations_have_names_of_their_own() {
    let document = yaml(&asyncapi());
    let channels = document["channels"].as_object().unwrap().values();
    let operations = channels.flat_map(|channel| [&channel["subscribe"], &channel["publish"]]);
    let names: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn no_schema_promises_null() {
    for document in documents() {
        assert!(!document["components"]["schemas"].to_string().contains("\"null\""));
    }
}

#[test]
fn a_service_without_rows_has_no_files() {
    let paths: Vec<_> = files().into_iter().map(|(path, _)| path).collect();
    for service in Service::ALL {
        let folder = PathBuf::from("docs/services").join(service.name());
        assert_eq!(paths.contains(&folder.join("EVENT_BUS.md")), has_rows(service), "{service}");
        assert_eq!(paths.contains(&folder.join("asyncapi.yml")), has_rows(service), "{service}");
    }
    assert!(paths.contains(&PathBuf::from("asyncapi.yml")) && paths.iter().all(|path| path.is_relative()));
}

#[test]
fn the_same_table_gives_the_same_files() {
    assert_eq!(files(), files());
}

#[test]
fn the_manual_of_a_service_tells_every_field_and_reaction() {
    let text = event_bus(Service::Availability);
    for entry in catalogue::produced_by(Service::Availability) {
        assert!(text.contains(&format!("### `{}`", entry.event_type)));
        for field in entry.example().as_object().unwrap().keys() {
            assert!(text.contains(&format!("| `{field}` | ")), "{}: {field}", entry.event_type);
        }
    }
    for entry in catalogue::consumed_by(Service::Availability) {
        assert!(text.contains(&format!("### `{}`", entry.event_type)));
    }
    assert!(text.contains("`actors/src/availability/on_resource_status_changed.rs`"));
    assert!(text.contains("| `timeSlot.startTime` | instant | yes |"));
    let resources = event_bus(Service::Resources);
    assert!(resources.contains("| `location.floor` | text | no |"), "{resources}");
    assert!(resources.contains("| `rules.customRules.bufferMinutes` | integer, at least 0 | no |"));
    assert!(resources.contains("`AVAILABLE`, `RESERVED`, `MAINTENANCE`, `UNAVAILABLE`"));
    assert!(!resources.contains("| anything |"));
}
