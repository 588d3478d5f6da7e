//! What a handler is given, and how it speaks to a service.

use std::net::IpAddr;
use std::time::Duration;

use actix::{Actor, Context, Handler, Message};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpRequest};
use actors::access::Caller;
use actors::cache::{Glance, Key, Value};
use actors::service::{Question, Request};
use actors::supervision::Address;
use uuid::Uuid;

use super::body::Json;
use super::conditional::expected_version;
use super::problem::Problem;
use super::query::NoParameters;
use super::state::HttpState;

/// How long a handler waits for a service.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A request whose caller has been admitted and whose body has arrived.
pub struct Exchange {
    /// What every operation can reach.
    pub state: Data<HttpState>,
    /// Who asks.
    pub caller: Caller,
    /// What was seen in the cache when the caller was admitted.
    pub glance: Glance,
    /// The request's head.
    pub request: HttpRequest,
    /// The request's body.
    pub bytes: Bytes,
}

/// A request, read: what a handler is given.
pub struct Call<Q = NoParameters, B = ()> {
    /// What every operation can reach.
    pub state: Data<HttpState>,
    /// Who asks.
    pub caller: Caller,
    /// The query parameters.
    pub query: Q,
    /// The body.
    pub body: B,
    /// The version that the caller wants to change, from `If-Match`.
    pub expected_version: Option<i64>,
    glance: Glance,
    request: HttpRequest,
}

/// A call without query parameters, with a JSON body.
pub type Sent<T> = Call<NoParameters, Json<T>>;

impl<Q, B> Call<Q, B> {
    pub(super) fn new(exchange: Exchange, query: Q, body: B) -> Result<Self, Problem> {
        let Exchange { state, caller, glance, request, .. } = exchange;
        Ok(Self { state, caller, query, body, expected_version: expected_version(request.headers())?, glance, request })
    }

    /// The path's `{id}`.
    ///
    /// # Errors
    /// 404 when it is no UUID: nothing can have such an id.
    pub fn id(&self) -> Result<Uuid, Problem> {
        let text = self.path("id");
        text.parse().map_err(|_| {
            let detail = format!("nothing has the id \"{text}\"; ids are UUIDs");
            Problem::new(&super::problem::kind::NOT_FOUND, detail)
        })
    }

    /// A part of the path, by its name.
    pub fn path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// A header's text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The address of the client's end of the connection.
    pub fn peer(&self) -> Option<IpAddr> {
        self.request.peer_addr().map(|address| address.ip())
    }

    fn headers(&self) -> &HeaderMap {
        HttpMessage::headers(&self.request)
    }

    /// Has a service run a command.
    ///
    /// # Errors
    /// The service's refusal, or that it did not answer.
    pub async fn command<S, C, T, E>(&self, to: &Address<S>, command: C) -> Result<T, Problem>
    where
        S: Actor<Context = Context<S>> + Handler<Request<C>>,
        Request<C>: Message<Result = Result<T, E>> + Send + 'static,
        Result<T, E>: Send,
        Problem: From<E>,
    {
        let request = Request { caller: self.caller.clone(), command };
        Ok(to.send_within(request, PATIENCE).await??)
    }

    /// Reads through the cache: the service is only asked for what is not there. What is read so is the same for every
    /// caller that may use the operation.
    ///
    /// # Errors
    /// As [`Call::ask`].
    pub async fn read<S, A, T, E>(&self, key: Key<T>, whom: &Address<S>, query: A) -> Result<T, Problem>
    where
        S: Actor<Context = Context<S>> + Handler<Question<A>>,
        Question<A>: Message<Result = Result<T, E>> + Send + 'static,
        Result<T, E>: Send,
        T: Value,
        Problem: From<E>,
    {
        self.state.cache.read_after(&self.glance, key, || self.ask(whom, query)).await
    }

    /// Asks a service.
    ///
    /// # Errors
    /// The service's refusal, or that it did not answer.
    pub async fn ask<S, A, T, E>(&self, whom: &Address<S>, query: A) -> Result<T, Problem>
    where
        S: Actor<Context = Context<S>> + Handler<Question<A>>,
        Question<A>: Message<Result = Result<T, E>> + Send + 'static,
        Result<T, E>: Send,
        Problem: From<E>,
    {
        ask(&self.caller, whom, query).await
    }
}

/// Asks a service for `caller`.
///
/// # Errors
/// The service's refusal, or that it did not answer.
pub(super) async fn ask<S, A, T, E>(caller: &Caller, whom: &Address<S>, query: A) -> Result<T, Problem>
where
    S: Actor<Context = Context<S>> + Handler<Question<A>>,
    Question<A>: Message<Result = Result<T, E>> + Send + 'static,
    Result<T, E>: Send,
    Problem: From<E>,
{
    Ok(whom.send_within(Question { caller: caller.clone(), query }, PATIENCE).await??)
}
