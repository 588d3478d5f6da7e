//! JSON Schemas (draft 7) of payloads and of the envelope around them.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::catalogue::Entry;
use crate::envelope::Envelope;

/// Where the schemas stand in a document, and so how they refer to each other.
pub(super) const PREFIX: &str = "#/components/schemas/";

/// The schemas of some events.
pub(super) struct Schemas {
    /// By name: payloads, the values in them, and the envelope's metadata.
    pub by_name: Map<String, Value>,
    envelope: Value,
}

impl Schemas {
    /// The schemas that these events need.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut generator = SchemaGenerator::new(settings);
        generator.subschema_for::<Envelope>();
        for entry in entries {
            entry.schema(&mut generator);
        }
        let mut by_name = generator.take_definitions(true);
        by_name.values_mut().for_each(leave_out_null);
        by_name.sort_keys();
        let envelope = by_name.shift_remove("Envelope").expect("it was asked for above");
        Self { by_name, envelope }
    }

    /// The schema of an event as it travels: the envelope with the event's own payload.
    pub fn message(&self, entry: &Entry) -> Value {
        let mut schema = self.envelope.clone();
        let properties = &mut schema["properties"];
        properties["eventType"]["const"] = json!(entry.event_type);
        properties["service"]["examples"] = json!([entry.producer.wire_name()]);
        properties["aggregateType"]["examples"] = json!(entry.aggregates());
        properties["data"] = json!({ "$ref": format!("{PREFIX}{}", entry.payload) });
        schema
    }

    /// The schema that a schema refers to, or itself.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
        let name = reference.and_then(Value::as_str).and_then(|reference| reference.strip_prefix(PREFIX));
        name.and_then(|name| self.by_name.get(name)).unwrap_or(schema)
    }
}

/// Removes `null` from the types of optional properties. Readers understand it, but no event carries it, and a
/// contract should say what is sent.
fn leave_out_null(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    let required = schema.get("required").cloned().unwrap_or_else(|| json!([]));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !required.as_array().is_some_and(|required| required.iter().any(|field| field == name)) {
                without_null(property);
            }
        }
    }
}

fn without_null(property: &mut Value) {
    if let Some(types) = property.get_mut("type").filter(|types| types.is_array()) {
        let kept: Vec<_> = types.as_array().into_iter().flatten().filter(|&name| name != "null").cloned().collect();
        *types = if let [only] = kept.as_slice() { only.clone() } else { Value::Array(kept) };
    }
    let Some(property) = property.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(choices)) = property.get("anyOf") {
        let kept: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").cloned().collect();
        let keyword = if kept.len() == 1 { "allOf" } else { "anyOf" };
        property.shift_remove("anyOf");
        property.insert(keyword.to_owned(), Value::Array(kept));
    }
}
