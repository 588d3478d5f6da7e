//! The schemas of everything that operations take and answer, each under one name.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where schemas stand in the document.
const PREFIX: &str = "#/components/schemas/";
/// The same for what is read, until it is known which of those differ from what is written.
const READ_PREFIX: &str = "#/read/";
/// The end of the name of a schema that is read differently than it is written.
const READ_SUFFIX: &str = "Input";

/// Schemas that are being collected. A type can look different when it is read, because fields with defaults may be left
/// out then: the two ways are collected apart.
pub struct Schemas {
    /// Of what is answered.
    pub written: SchemaGenerator,
    /// Of what is taken.
    pub read: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    pub fn new() -> Self {
        let settings = |path: &str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.trim_start_matches('#').trim_end_matches('/').to_owned().into();
                settings.meta_schema = None;
            })
        };
        Self {
            written: settings(PREFIX).for_serialize().into_generator(),
            read: settings(READ_PREFIX).for_deserialize().into_generator(),
        }
    }

    /// All schemas by name, with the references in `document` corrected to these names.
    pub fn finish(mut self, document: &mut Value) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        let read = self.read.take_definitions(true);
        let renamed = differing(&all, &read);
        correct(document, &renamed);
        for (name, mut schema) in read {
            correct(&mut schema, &renamed);
            let name = if renamed.contains(&name) { format!("{name}{READ_SUFFIX}") } else { name };
            all.insert(name, schema);
        }
        all.sort_keys();
        all
    }
}

/// The names under which something else is read than is written, directly or by what it refers to.
fn differing(written: &Map<String, Value>, read: &Map<String, Value>) -> BTreeSet<String> {
    let shared = || read.iter().filter_map(|(name, schema)| Some((name, schema, written.get(name)?)));
    let mut differing = BTreeSet::new();
    loop {
        let before = differing.len();
        for (name, schema, other) in shared() {
            let mut schema = schema.clone();
            correct(&mut schema, &differing);
            if schema != *other {
                differing.insert(name.clone());
            }
        }
        if differing.len() == before {
            return differing;
        }
    }
}

fn correct(schema: &mut Value, renamed: &BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = value.as_str().filter(|_| key == "$ref").and_then(|path| path.strip_prefix(READ_PREFIX));
                match name.map(str::to_owned) {
                    Some(name) if renamed.contains(&name) => *value = format!("{PREFIX}{name}{READ_SUFFIX}").into(),
                    Some(name) => *value = format!("{PREFIX}{name}").into(),
                    None => correct(value, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| correct(item, renamed)),
        _ => {}
    }
}

/// A schema as a value.
pub fn value(schema: Schema) -> Value {
    schema.to_value()
}
