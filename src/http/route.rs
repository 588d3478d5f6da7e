//! A row of the route table: everything about one operation, in one place.
//!
//! The row's types are the handler's own, so what is registered, enforced and documented is one and the same.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use actors::cache::Sought;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::body::{self, Body};
use super::call::{Call, Exchange};
use super::caller::Access;
use super::problem::{Kind, Problem};
use super::query::Parameters;

/// What runs an operation.
pub type Endpoint = Arc<dyn Fn(Exchange) -> LocalBoxFuture<'static, Result<HttpResponse, Problem>> + Send + Sync>;

/// Tells the key that an operation reads.
pub type Ahead = fn(&HttpRequest) -> Option<Sought>;

/// The operations of one service.
pub struct Group {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its operations.
    pub routes: Vec<Route>,
}

/// What a row says before it names its handler.
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path below the base, with its parameters in braces.
    pub path: &'static str,
    /// The operation's name in the contract, unique.
    pub id: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Who may use it.
    pub access: Access,
    /// The status when it went well.
    pub status: StatusCode,
    /// Another status when it went well, and what it says.
    pub other_status: Option<(StatusCode, &'static str)>,
    /// How it may refuse, besides the ways that its form implies.
    pub refusals: &'static [&'static Kind],
    /// Whether it is also found without the base, where probes look.
    pub also_at_root: bool,
    /// The key that it reads first, as far as the request's path tells it.
    pub ahead: Option<Ahead>,
}

/// An operation.
pub struct Route {
    /// What the row says.
    pub row: Row,
    /// The schema of the query parameters.
    pub parameters: fn(&mut SchemaGenerator) -> Schema,
    /// The body.
    pub body: Option<body::Kind>,
    /// The media types and schemas of the answer.
    pub answer: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>,
    /// What runs it.
    pub endpoint: Endpoint,
}

macro_rules! methods {
    ($($name:ident = $method:ident, $status:ident;)+) => {
        $(#[doc = concat!("Begins a row of the method ", stringify!($method), ", which answers ", stringify!($status), ".")]
        pub fn $name(access: Access, path: &'static str, id: &'static str, summary: &'static str) -> Row {
            let (method, status) = (Method::$method, StatusCode::$status);
            Row { method, path, id, summary, access, status, other_status: None, refusals: &[], also_at_root: false, ahead: None }
        })+
    };
}

methods! {
    get = GET, OK;
    post = POST, OK;
    create = POST, CREATED;
    put = PUT, OK;
    patch = PATCH, OK;
    delete = DELETE, NO_CONTENT;
}

impl Row {
    /// Names the refusals that are this operation's own.
    pub fn may_refuse(self, refusals: &'static [&'static Kind]) -> Self {
        Self { refusals, ..self }
    }

    /// Another status when it went well.
    pub fn answers(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A further status when it went well, which the handler's answer chooses.
    pub fn or_answers(self, status: StatusCode, meaning: &'static str) -> Self {
        Self { other_status: Some((status, meaning)), ..self }
    }

    /// Makes it found without the base as well.
    pub fn also_at_root(self) -> Self {
        Self { also_at_root: true, ..self }
    }

    /// Names the key that it reads, so that it is looked at together with the caller's rights.
    pub fn reads(self, ahead: Ahead) -> Self {
        Self { ahead: Some(ahead), ..self }
    }

    /// Completes the row with its handler, from whose types the rest follows.
    pub fn to<Q, B, A, F, R>(self, handler: F) -> Route
    where
        Q: DeserializeOwned + JsonSchema + 'static,
        B: Body,
        A: Answer,
        F: Fn(Call<Q, B>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<A, Problem>> + 'static,
    {
        let status = self.status;
        let shared = Arc::new((handler, Parameters::of::<Q>(), B::form()));
        let endpoint: Endpoint = Arc::new(move |exchange| {
            let shared = Arc::clone(&shared);
            let run = async move {
                let (handler, parameters, form) = &*shared;
                let query = parameters.read(exchange.request.query_string())?;
                let body = B::read(&exchange.bytes, form.as_ref())?;
                Ok(handler(Call::new(exchange, query, body)?).await?.respond(status))
            };
            run.boxed_local()
        });
        let parameters = |schemas: &mut SchemaGenerator| schemas.root_schema_for::<Q>();
        Route { row: self, parameters, body: B::kind(), answer: A::describe, endpoint }
    }

    /// The path as the contract writes it: `{path:.+}` is `{path}` there.
    pub fn documented_path(&self) -> String {
        let segments = self.path.split('/').map(|segment| match segment.split_once(':') {
            Some((name, _)) => format!("{name}}}"),
            None => segment.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether the operation changes something.
    pub fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether a repeated request with the same `Idempotency-Key` is answered from the store. What anybody may use is
    /// left out: those answers carry tokens, and there is nobody whom a key could belong to.
    pub fn takes_idempotency_key(&self) -> bool {
        self.changes() && self.access != Access::Public
    }
}
