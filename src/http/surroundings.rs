//! What surrounds every request: its marks, the log line, and the headers of every answer.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::marks::{CORRELATION_ID, Marks};

/// Headers of every answer that does not bring its own. Nothing here is to be kept by caches, guessed at, or framed.
const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Marks the request, has it answered, completes the answer's headers and writes the log line.
///
/// # Errors
/// Those of the framework itself.
pub async fn surround<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let marks = Marks::of(request.headers());
    let correlation_id = marks.correlation_id;
    request.extensions_mut().insert(marks);
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(&correlation_id.to_string()) {
        headers.insert(HeaderName::from_static(CORRELATION_ID), value);
    }
    let (status, elapsed) = (response.status(), began.elapsed());
    // The path alone: a query may carry what a log must not.
    log::log!(
        level(&method, status.is_server_error()),
        "{method} {path} {} {} ms {correlation_id}",
        status.as_u16(),
        elapsed.as_millis()
    );
    Ok(response)
}

/// Changes are worth a line; reads come in masses.
fn level(method: &Method, failed: bool) -> log::Level {
    match *method {
        _ if failed => log::Level::Warn,
        Method::GET | Method::HEAD => log::Level::Debug,
        _ => log::Level::Info,
    }
}
