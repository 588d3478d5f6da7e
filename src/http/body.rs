//! Request bodies: read to their end within a limit of size and time, then as the operation's type.

use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::form::Form;
use super::problem::{Problem, kind};

/// The largest JSON body, in bytes.
const JSON_LIMIT: usize = 1024 * 1024;
/// The largest CSV body, in bytes.
const CSV_LIMIT: usize = 16 * 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// What the contract and the reader need to know of a body.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its media type.
    pub media_type: &'static str,
    /// The most bytes it may have.
    pub limit: usize,
    /// Whether it may be left out.
    pub optional: bool,
    /// Its schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// What an operation takes as its body.
pub trait Body: Sized + 'static {
    /// What it is; `None` for an operation that takes none.
    fn kind() -> Option<Kind>;

    /// The form to compare it with, if there is one.
    fn form() -> Option<Form>;

    /// Reads it.
    ///
    /// # Errors
    /// 400 that names everything that is not as it must be.
    fn read(bytes: &Bytes, form: Option<&Form>) -> Result<Self, Problem>;
}

impl Body for () {
    fn kind() -> Option<Kind> {
        None
    }

    fn form() -> Option<Form> {
        None
    }

    fn read(_: &Bytes, _: Option<&Form>) -> Result<Self, Problem> {
        Ok(())
    }
}

/// A JSON document.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + 'static> Body for Json<T> {
    fn kind() -> Option<Kind> {
        let schema = |schemas: &mut SchemaGenerator| schemas.subschema_for::<T>();
        Some(Kind { media_type: "application/json", limit: JSON_LIMIT, optional: false, schema })
    }

    fn form() -> Option<Form> {
        Some(Form::of::<T>())
    }

    fn read(bytes: &Bytes, form: Option<&Form>) -> Result<Self, Problem> {
        let malformed = |error: serde_json::Error| {
            Problem::new(&kind::BODY_MALFORMED, format!("the body is no JSON that this operation takes: {error}"))
        };
        let document: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let faults = form.map(|form| form.check(&document)).unwrap_or_default();
        if let Some(first) = faults.first() {
            let detail = if faults.len() == 1 {
                first.message.clone()
            } else {
                format!("{} fields are not as they must be; see errors", faults.len())
            };
            return Err(Problem::new(&kind::BODY_MALFORMED, detail).with_errors(faults));
        }
        // From the text once more, because a value has no lines and columns to tell of.
        serde_json::from_slice(bytes).map(Self).map_err(malformed)
    }
}

/// A CSV file, as text.
#[derive(Debug)]
pub struct Csv(pub Bytes);

impl Body for Csv {
    fn kind() -> Option<Kind> {
        let schema = |schemas: &mut SchemaGenerator| schemas.subschema_for::<String>();
        Some(Kind { media_type: "text/csv", limit: CSV_LIMIT, optional: false, schema })
    }

    fn form() -> Option<Form> {
        None
    }

    fn read(bytes: &Bytes, _: Option<&Form>) -> Result<Self, Problem> {
        Ok(Self(bytes.clone()))
    }
}

/// A body that may be left out.
impl<B: Body> Body for Option<B> {
    fn kind() -> Option<Kind> {
        B::kind().map(|kind| Kind { optional: true, ..kind })
    }

    fn form() -> Option<Form> {
        B::form()
    }

    fn read(bytes: &Bytes, form: Option<&Form>) -> Result<Self, Problem> {
        if bytes.is_empty() { Ok(None) } else { B::read(bytes, form).map(Some) }
    }
}

impl Kind {
    /// Reads the body to its end.
    ///
    /// # Errors
    /// 413, 415, 408, or 400 when the connection breaks.
    pub async fn receive(&self, headers: &HeaderMap, payload: Payload) -> Result<Bytes, Problem> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.limit) {
            return Err(self.too_large());
        }
        let bytes = tokio::time::timeout(ARRIVAL, self.collect(payload)).await.unwrap_or_else(|_| {
            let detail = format!("the body did not arrive within {} s; send it again", ARRIVAL.as_secs());
            Err(Problem::new(&kind::BODY_LATE, detail))
        })?;
        if !(self.optional && bytes.is_empty()) {
            self.check_type(headers)?;
        }
        Ok(bytes)
    }

    async fn collect(&self, mut payload: Payload) -> Result<Bytes, Problem> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk =
                chunk.map_err(|error| Problem::new(&kind::BODY_MALFORMED, format!("the body broke off: {error}")))?;
            if bytes.len() + chunk.len() > self.limit {
                return Err(self.too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    fn too_large(&self) -> Problem {
        Problem::new(&kind::BODY_TOO_LARGE, format!("the body may have at most {} bytes", self.limit))
    }

    fn check_type(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(self.media_type) {
            return Ok(());
        }
        let detail = format!("send the body with Content-Type: {}, not \"{given}\"", self.media_type);
        Err(Problem::new(&kind::BODY_TYPE, detail))
    }
}

#[cfg(test)]
mod tests {
    use actors::resources::model::NewResource;

    use super::*;

    fn read(text: &'static str) -> Result<Json<NewResource>, String> {
        let form = Json::<NewResource>::form();
        Json::read(&Bytes::from_static(text.as_bytes()), form.as_ref()).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn a_syntax_error_is_told_with_its_place() {
        let error = read("{\n  \"code\": }").expect_err("no JSON");
        assert!(error.contains("line 2 column 11"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_is_told_with_its_place() {
        let error = read("{\"code\": \"A\", \"name\": \"B\", \"type\": \"CAVE\"}").expect_err("no such type");
        assert!(error.contains("CAVE") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn an_optional_body_may_be_empty() {
        let empty = <Option<Json<NewResource>>>::read(&Bytes::new(), None);
        assert!(matches!(empty, Ok(None)));
    }
}
