//! Refusals, as RFC 9457 problem documents.

mod conversions;
pub mod kind;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actors::violation::Violation;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use kind::Kind;

/// The media type of a problem document (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request is refused.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Violation>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only.
    cause: Option<String>,
}

impl Problem {
    /// A refusal of this kind; `detail` says what happened here and what to do about it.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// A request that breaks rules, all of them named.
    pub fn violations(errors: Vec<Violation>) -> Self {
        let detail = match errors.as_slice() {
            [only] => only.message.clone(),
            several => format!("the request breaks {} rules, listed in errors", several.len()),
        };
        Self::new(&kind::RULES_BROKEN, detail).with_errors(errors)
    }

    /// A fault of the program or of what it rests on. The log gets `cause`, the client does not.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "the server could not do this; quote the correlationId when you report it";
        Self::new(&kind::INTERNAL, detail).because(cause)
    }

    /// Something that is not there.
    pub fn no_such(what: &str) -> Self {
        Self::new(&kind::NOT_FOUND, format!("there is no such {what}"))
    }

    /// Lists what is wrong in the request.
    pub fn with_errors(mut self, errors: Vec<Violation>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds an extension member, such as `conflicts`.
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.0.members.insert(member.to_owned(), value);
        self
    }

    /// Adds a header to the answer.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Notes what only the log may know.
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Which kind it is.
    pub fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// The answer. Faults are logged under the correlation id that the client is told.
    pub fn respond(&self, correlation_id: Uuid) -> HttpResponse {
        let Parts { kind, detail, headers, cause, .. } = &*self.0;
        if let Some(cause) = cause {
            log::error!("{}: {cause} (correlation id {correlation_id})", kind.code);
        } else if kind.status >= 500 {
            log::warn!("{}: {detail} (correlation id {correlation_id})", kind.code);
        }
        let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.content_type(MEDIA_TYPE).body(self.document(correlation_id).to_string())
    }

    /// The document: the members of RFC 9457, section 3.1, then ours.
    fn document(&self, correlation_id: Uuid) -> Value {
        let Parts { kind, detail, errors, members, .. } = &*self.0;
        let mut document = Map::new();
        document.insert("type".to_owned(), kind.type_uri().into());
        document.insert("title".to_owned(), kind.title.into());
        document.insert("status".to_owned(), kind.status.into());
        document.insert("detail".to_owned(), detail.as_str().into());
        document.insert("code".to_owned(), kind.code.into());
        if !errors.is_empty() {
            document.insert("errors".to_owned(), serde_json::to_value(errors).unwrap_or_default());
        }
        document.extend(members.clone());
        document.insert("correlationId".to_owned(), correlation_id.to_string().into());
        Value::Object(document)
    }
}

/// The document as clients meet it, for the contract.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem", extend("additionalProperties" = true))]
pub struct ProblemDocument {
    /// Identifies the kind of problem: a path on this server that describes it.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The kind in words, always the same.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// The kind, for programs.
    pub code: String,
    /// Everything that is wrong in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<Violation>>,
    /// Identifies the request in the log.
    pub correlation_id: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(problem: &Problem) -> Value {
        problem.document(Uuid::nil())
    }

    #[test]
    fn a_document_has_the_members_of_the_rfc_and_extensions() {
        let problem = Problem::new(&kind::VERSION_STALE, "read it again").with("conflicts", [1, 2]);
        let expected = serde_json::json!({
            "type": "/problems/version.stale", "title": kind::VERSION_STALE.title, "status": 412,
            "detail": "read it again", "code": "version.stale", "conflicts": [1, 2],
            "correlationId": Uuid::nil(),
        });
        assert_eq!(document(&problem), expected);
    }

    #[test]
    fn every_violation_is_listed() {
        let errors = vec![Violation::field("field.length", "name", "too long"), Violation::rule("rule.x", "not so")];
        let document = document(&Problem::violations(errors));
        assert_eq!(document["status"], 422);
        assert_eq!(document["errors"][0]["field"], "name");
        assert_eq!(document["errors"][1], serde_json::json!({"code": "rule.x", "message": "not so"}));
    }

    #[test]
    fn what_only_the_log_may_know_is_not_in_the_document() {
        let text = document(&Problem::internal("password=secret")).to_string();
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("correlationId"), "{text}");
    }
}
