//! What operations answer.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::conditional::entity_tag;

/// The path that all operations lie under.
pub const BASE: &str = "/api/v1";

/// What an operation answers: its form for the contract, and the answer itself.
pub trait Answer: 'static {
    /// Media types that the answer may have, each with its schema; none for an answer without content.
    fn describe(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

    /// The answer, with the status that the route names.
    fn respond(self, status: StatusCode) -> HttpResponse;
}

/// One thing, as JSON.
#[derive(Debug)]
pub struct Reply<T> {
    content: T,
    version: Option<i64>,
    location: Option<String>,
}

impl<T> Reply<T> {
    /// Answers `content`.
    pub fn of(content: T) -> Self {
        Self { content, version: None, location: None }
    }

    /// Tells the version of the aggregate, as its entity tag.
    pub fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// Tells where the thing is, by its path below [`BASE`].
    pub fn location(mut self, path: impl AsRef<str>) -> Self {
        self.location = Some(format!("{BASE}{}", path.as_ref()));
        self
    }
}

impl<T: Serialize + JsonSchema + 'static> Answer for Reply<T> {
    fn describe(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![("application/json", schemas.subschema_for::<T>())]
    }

    fn respond(self, status: StatusCode) -> HttpResponse {
        let mut response = HttpResponse::build(status);
        if let Some(version) = self.version {
            response.insert_header((ETAG, entity_tag(version)));
        }
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        response.json(self.content)
    }
}

/// An answer that says by its status alone that it was done.
#[derive(Debug, Clone, Copy)]
pub struct Done;

impl Answer for Done {
    fn describe(_: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Vec::new()
    }

    fn respond(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status).finish()
    }
}
