//! Query parameters: read as the operation's type, every fault named.

use std::cell::Cell;

use actix_web::web;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::Value;

use super::problem::{Problem, kind};

/// The parameters of an operation that has none.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct NoParameters {}

/// One parameter as its type's schema describes it.
#[derive(Debug)]
struct Parameter {
    name: String,
    types: Vec<String>,
    is_instant: bool,
}

/// The parameters of an operation.
#[derive(Debug)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    /// The fields of `Q`.
    pub fn of<Q: JsonSchema>() -> Self {
        let schema = SchemaGenerator::default().root_schema_for::<Q>();
        let fields = schema.get("properties").and_then(Value::as_object);
        let parameters = fields.into_iter().flatten();
        Self(parameters.map(|(name, schema)| Parameter::of(name, schema)).collect())
    }

    /// Reads a query string.
    ///
    /// # Errors
    /// 400 that names the parameter and what it must be. An unknown one is refused: a mistyped filter must not list
    /// everything.
    pub fn read<Q: DeserializeOwned>(&self, query: &str) -> Result<Q, Problem> {
        let refused = |detail: String| Problem::new(&kind::QUERY_INVALID, detail);
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = pairs.map_err(|error| refused(format!("the query string cannot be read: {error}")))?.into_inner();
        let mut values: Vec<(&str, Value)> = Vec::with_capacity(pairs.len());
        for (name, text) in &pairs {
            let parameter = self.0.iter().find(|parameter| parameter.name == *name);
            let parameter = parameter.ok_or_else(|| refused(self.unknown(name)))?;
            if values.iter().any(|(earlier, _)| *earlier == parameter.name) {
                return Err(refused(format!("the query parameter {name} is given twice")));
            }
            if text.contains('\0') {
                return Err(refused(format!("the query parameter {name} holds the character NUL; take it out")));
            }
            values.push((&parameter.name, parameter.value(text)));
        }
        let current = Cell::new(None);
        let read = Q::deserialize(MapDeserializer::new(values.into_iter().map(|(name, value)| {
            current.set(Some(name));
            (name, value)
        })));
        read.map_err(|error: serde_json::Error| {
            let error = error.to_string();
            match current.get() {
                _ if error.starts_with("missing field") => {
                    refused(error.replacen("missing field", "the request lacks the query parameter", 1))
                }
                Some(name) => {
                    let parameter = self.0.iter().find(|parameter| parameter.name == name);
                    let error = parameter
                        .and_then(Parameter::example)
                        .map_or(error.clone(), |example| format!("{error}; {example}"));
                    refused(format!("the query parameter {name} is not what it must be: {error}"))
                }
                None => refused(error),
            }
        })
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<_> = self.0.iter().map(|parameter| parameter.name.as_str()).collect();
        if known.is_empty() {
            return format!("there is no query parameter {name}; this operation has none");
        }
        format!("there is no query parameter {name}; use one of {}", known.join(", "))
    }
}

impl Parameter {
    fn of(name: &str, schema: &Value) -> Self {
        let is_instant = schema.get("format").is_some_and(|format| format == "date-time");
        Self { name: name.to_owned(), types: types(schema), is_instant }
    }

    /// What to write, where the type's own error does not say it.
    fn example(&self) -> Option<&'static str> {
        let example = "write an instant such as 2030-01-31T13:00:00Z or 2030-01-31T08:00:00-05:00 (a + in it as %2B)";
        self.is_instant.then_some(example)
    }

    /// A text as the JSON value that the parameter's type is read from; one that does not fit is left as it is, for the
    /// type itself to refuse.
    fn value(&self, text: &str) -> Value {
        let is = |name: &str| self.types.iter().any(|one| one == name);
        let parsed = match () {
            () if is("array") => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(items.map(|item| Value::String(item.to_owned())).collect())
            }
            () if is("integer") || is("number") => text.parse().ok().map(Value::Number),
            () if is("boolean") => text.parse().ok().map(Value::Bool),
            () => None,
        };
        parsed.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

fn types(schema: &Value) -> Vec<String> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use amqp::events::ResourceType;
    use chrono::{DateTime, Utc};

    use super::super::paging::Limit;
    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Filter {
        #[serde(rename = "type")]
        resource_type: Option<ResourceType>,
        capacity: Option<u32>,
        dry_run: Option<bool>,
        from: Option<DateTime<Utc>>,
        #[serde(default)]
        features: Vec<String>,
        #[serde(default)]
        limit: Limit,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Required {
        #[expect(dead_code, reason = "only its absence is tested")]
        from: String,
    }

    fn read(query: &str) -> Result<Filter, String> {
        Parameters::of::<Filter>().read(query).map_err(|problem| {
            assert_eq!(problem.kind(), &kind::QUERY_INVALID);
            format!("{problem:?}")
        })
    }

    #[test]
    fn each_parameter_is_read_as_its_type() {
        let query = "type=CLASSROOM&capacity=30&dryRun=true&from=2026-03-02T08:00:00Z&features=a,%20b&limit=7";
        let filter = read(query).expect("valid");
        assert_eq!(filter.resource_type, Some(ResourceType::Classroom));
        assert_eq!((filter.capacity, filter.dry_run, filter.limit.get()), (Some(30), Some(true), 7));
        assert_eq!(filter.features, ["a", "b"]);
        assert_eq!(filter.from.map(|at| at.to_rfc3339()).as_deref(), Some("2026-03-02T08:00:00+00:00"));
    }

    #[test]
    fn what_is_absent_has_its_default() {
        let filter = read("").expect("valid");
        assert_eq!((filter.capacity, filter.limit), (None, Limit::default()));
    }

    #[test]
    fn the_faulty_parameter_is_named() {
        for (query, name) in [
            ("type=CAVE", "type"),
            ("capacity=many", "capacity"),
            ("capacity=-1", "capacity"),
            ("limit=0", "limit"),
            ("capacity=1&from=yesterday", "from"),
            ("limit=1&limit=2", "limit"),
            ("features=a%00", "features"),
        ] {
            let error = read(query).expect_err("invalid");
            assert!(error.contains(&format!("query parameter {name}")), "{query}: {error}");
        }
    }

    #[test]
    fn how_an_instant_is_written_is_told() {
        // A + that is not encoded is a space.
        for query in ["from=2030-01-31", "from=2030-01-31T08:00:00+05:00", "from="] {
            let error = read(query).expect_err("invalid");
            assert!(error.contains("2030-01-31T13:00:00Z") && error.contains("%2B"), "{query}: {error}");
        }
        assert!(read("from=2030-01-31T08:00:00%2B05:00").is_ok());
    }

    #[test]
    fn an_unknown_parameter_is_refused_and_the_known_ones_are_named() {
        let error = read("capcity=3").expect_err("unknown");
        assert!(error.contains("capcity") && error.contains("capacity, dryRun"), "{error}");
        let none = Parameters::of::<NoParameters>();
        assert!(none.read::<NoParameters>("").is_ok() && none.read::<NoParameters>("a=1").is_err());
    }

    #[test]
    fn a_missing_parameter_is_named() {
        let error = Parameters::of::<Required>().read::<Required>("").expect_err("required");
        assert!(format!("{error:?}").contains("`from`"));
    }
}
