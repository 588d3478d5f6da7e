//! The way of a request through the edge: admit, receive, answer once, answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::header::ETAG;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::call::Exchange;
use super::conditional;
use super::idempotency;
use super::marks::Marks;
use super::problem::Problem;
use super::route::Route;
use super::state::HttpState;

/// Answers a request to `route`, whatever happens.
pub async fn answer(route: Arc<Route>, state: Data<HttpState>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let marks = marks(&request);
    let correlation_id = marks.correlation_id;
    let work = AssertUnwindSafe(run(&route, state, request, payload, marks)).catch_unwind();
    let outcome =
        work.await.unwrap_or_else(|_| Err(Problem::internal(format!("the handler of {} panicked", route.row.id))));
    outcome.unwrap_or_else(|problem| problem.respond(correlation_id))
}

/// The marks that the request was given when it came in.
pub fn marks(request: &HttpRequest) -> Marks {
    let marks = request.extensions().get::<Marks>().cloned();
    marks.unwrap_or_else(|| Marks::of(request.headers()))
}

async fn run(
    route: &Route,
    state: Data<HttpState>,
    request: HttpRequest,
    payload: Payload,
    marks: Marks,
) -> Result<HttpResponse, Problem> {
    let (caller, glance) = route.row.access.admit(&request, &state, marks, route.row.ahead).await?;
    let bytes = match &route.body {
        Some(kind) => kind.receive(request.headers(), payload).await?,
        None => Bytes::new(),
    };
    let repeatable = idempotency::Repeatable::of(&route.row, &request, &caller, &bytes)?;
    let exchange = Exchange { state: state.clone(), caller, glance, request: request.clone(), bytes };
    let correlation_id = exchange.caller.correlation_id;
    let work = (route.endpoint)(exchange);
    let response = match repeatable {
        Some(repeatable) => repeatable.answer_once(state, correlation_id, work).await?,
        None => work.await?,
    };
    Ok(unless_known(&request, response))
}

/// 304 without content when the client has what it asks for (RFC 9110, section 15.4.5).
fn unless_known(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && response.status() == StatusCode::OK;
    if !reads || !conditional::is_known(request.headers(), response.headers()) {
        return response;
    }
    let mut unchanged = HttpResponse::NotModified();
    if let Some(tag) = response.headers().get(ETAG) {
        unchanged.insert_header((ETAG, tag.clone()));
    }
    unchanged.finish()
}
