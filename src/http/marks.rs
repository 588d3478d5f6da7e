//! What identifies a request: its correlation id and its trace.

use actix_web::http::header::HeaderMap;
use actors::clock::Ids;
use uuid::Uuid;

/// The header that carries the correlation id, both ways.
pub const CORRELATION_ID: &str = "x-correlation-id";
const TRACEPARENT: &str = "traceparent";

/// What identifies a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Shared by everything that the request sets off.
    pub correlation_id: Uuid,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
}

impl Marks {
    /// Those that the client gave, as far as they are well-formed; a new correlation id otherwise.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Self {
            correlation_id: text(CORRELATION_ID).and_then(|id| id.parse().ok()).unwrap_or_else(|| Ids.next()),
            traceparent: text(TRACEPARENT).filter(|value| is_traceparent(value)).map(str::to_owned),
        }
    }
}

/// Version 00 of `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>).
fn is_traceparent(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let [version, trace_id, parent_id, flags] = parts[..] else { return false };
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    version == "00" && hex(trace_id, 32) && hex(parent_id, 16) && hex(flags, 2) && some(trace_id) && some(parent_id)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn marks(name: &'static str, value: &'static str) -> Marks {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        Marks::of(&headers)
    }

    #[test]
    fn a_correlation_id_is_taken_over_when_it_is_one() {
        let id = "0199b8a4-6c00-7000-8000-0000000000e2";
        assert_eq!(marks(CORRELATION_ID, id).correlation_id.to_string(), id);
        assert_ne!(marks(CORRELATION_ID, "<script>").correlation_id, Uuid::nil());
    }

    #[test]
    fn only_a_well_formed_trace_is_passed_on() {
        let right = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(marks(TRACEPARENT, right).traceparent.as_deref(), Some(right));
        for wrong in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "x",
        ] {
            assert_eq!(marks(TRACEPARENT, wrong).traceparent, None, "{wrong}");
        }
    }
}
