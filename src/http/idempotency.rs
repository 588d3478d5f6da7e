//! `Idempotency-Key`: a request that is sent again is answered again and not done again.
//!
//! After the draft of the IETF's HTTPAPI working group (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).

use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, body};
use actors::access::Caller;
use actors::idempotency::{self, Key, Start, StoredAnswer};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::problem::{Problem, kind};
use super::route::Row;
use super::state::HttpState;

/// The request header.
pub const KEY: &str = "idempotency-key";
/// Marks an answer that was given before.
pub const REPLAYED: &str = "idempotency-replayed";
/// The headers that are stored with an answer.
const STORED: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];

type Work = LocalBoxFuture<'static, Result<HttpResponse, Problem>>;

/// A request that may be sent again.
pub struct Repeatable {
    key: Key,
    fingerprint: String,
}

impl Repeatable {
    /// What the request's key says; `None` without one, or where keys mean nothing.
    ///
    /// # Errors
    /// 400 when the key is not 1 to 255 visible ASCII characters.
    pub fn of(row: &Row, request: &HttpRequest, caller: &Caller, body: &Bytes) -> Result<Option<Self>, Problem> {
        let Some(value) = request.headers().get(KEY).filter(|_| row.takes_idempotency_key()) else { return Ok(None) };
        let visible = (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
        let key = value.to_str().ok().filter(|_| visible).ok_or_else(|| {
            Problem::new(
                &kind::HEADER_INVALID,
                "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID",
            )
        })?;
        let fingerprint = fingerprint(request.method(), request.path(), request.query_string(), body);
        Ok(Some(Self { key: Key { caller_id: caller.id(), key: key.to_owned() }, fingerprint }))
    }

    /// Does the work, or gives the answer that it had when it was done.
    ///
    /// # Errors
    /// 409 while it is being done, 422 when the key belongs to another request, or that the store failed.
    pub async fn answer_once(
        self,
        state: Data<HttpState>,
        correlation_id: Uuid,
        work: Work,
    ) -> Result<HttpResponse, Problem> {
        let Self { key, fingerprint } = self;
        let started_at = state.clock.now();
        let start: Start = state
            .database
            .write({
                let key = key.clone();
                move |transaction| idempotency::start(transaction, &key, &fingerprint, started_at)
            })
            .await?;
        match start {
            Start::Fresh => {}
            Start::Finished(answer) => return Ok(replay(answer)),
            Start::InProgress => {
                let detail = "the same request is still being answered; send it again in a moment";
                return Err(Problem::new(&kind::IDEMPOTENCY_IN_PROGRESS, detail).with_header(RETRY_AFTER, "1"));
            }
            Start::OtherRequest => {
                let detail = "the Idempotency-Key was used for another request; give each request a key of its own";
                return Err(Problem::new(&kind::IDEMPOTENCY_MISMATCH, detail));
            }
        }
        // Goes on when the client hangs up: what it began must be noted as done, for the client asks again.
        #[expect(
            clippy::disallowed_methods,
            reason = "the task is one request, which ends by itself within its time limits"
        )]
        let done = actix_rt::spawn(async move {
            let response = work.await.unwrap_or_else(|problem| problem.respond(correlation_id));
            note(&state, key, started_at, response).await
        });
        done.await.map_err(|error| Problem::internal(format!("an idempotent request: {error}")))
    }
}

/// What tells a request from another one of the same caller (SHA-1, cut to a UUID).
pub fn fingerprint(method: &Method, path: &str, query: &str, body: &[u8]) -> String {
    let head = format!("{method} {path} {query}\n");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &[head.as_bytes(), body].concat()).to_string()
}

/// Stores the answer, or makes the key free again when the same request may be answered otherwise next time.
async fn note(
    state: &HttpState,
    key: Key,
    started_at: chrono::DateTime<chrono::Utc>,
    response: HttpResponse,
) -> HttpResponse {
    let (head, content) = response.into_parts();
    let content = body::to_bytes(content).await.unwrap_or_default();
    let answer = lasts(head.status()).then(|| stored(&head, &content)).flatten();
    let noted: Result<(), actors::database::Error> = state
        .database
        .write(move |transaction| match answer {
            Some(answer) => idempotency::finish(transaction, &key, started_at, &answer),
            None => idempotency::forget(transaction, &key, started_at),
        })
        .await;
    if let Err(error) = noted {
        log::error!("the answer to an idempotent request could not be noted: {error}");
    }
    head.set_body(body::BoxBody::new(content))
}

/// Whether the same request would be answered like this again: not when the server failed, the caller was not let in,
/// or there was only too much to do.
fn lasts(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 400 | 404 | 409 | 410 | 412 | 422)
}

fn stored(head: &HttpResponse<()>, content: &Bytes) -> Option<StoredAnswer> {
    let text =
        |name: &HeaderName| head.headers().get(name)?.to_str().ok().map(|value| (name.to_string(), value.to_owned()));
    let body = String::from_utf8(content.to_vec()).ok()?;
    Some(StoredAnswer { status: head.status().as_u16(), headers: STORED.iter().filter_map(text).collect(), body })
}

fn replay(answer: StoredAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.insert_header((name, value));
        }
    }
    response.insert_header((REPLAYED, "true")).body(answer.body)
}
