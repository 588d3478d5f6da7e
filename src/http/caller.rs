//! Who asks, and whether they may.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use actors::access::{Caller, Permission};

use super::marks::Marks;
use super::problem::{Problem, kind};
use super::state::HttpState;

/// Marks a connection through the control socket, which only the operator at the machine can open.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody with an access token.
    Caller,
    /// Whoever holds the permission.
    Permission(Permission),
}

impl Access {
    /// The caller, if they may pass.
    ///
    /// # Errors
    /// 401 without a valid token where one is needed, 403 without the permission.
    pub fn admit(self, request: &HttpRequest, state: &HttpState, marks: Marks) -> Result<Caller, Problem> {
        let permission = match self {
            Self::Public => return Ok(Caller::anonymous(marks.correlation_id, marks.traceparent)),
            Self::Caller => None,
            Self::Permission(permission) => Some(permission),
        };
        let caller = identify(request, state, marks)?;
        match permission {
            Some(permission) if !caller.may(permission) => Err(forbidden(permission)),
            _ => Ok(caller),
        }
    }
}

fn identify(request: &HttpRequest, state: &HttpState, marks: Marks) -> Result<Caller, Problem> {
    if request.conn_data::<Operator>().is_some() {
        return Ok(Caller { traceparent: marks.traceparent, ..Caller::operator(marks.correlation_id) });
    }
    let token = bearer(request.headers())?;
    let caller = state.tokens.caller(token, state.clock.now(), marks.correlation_id, marks.traceparent);
    caller.map_err(|reason| {
        let challenge = format!(
            "Bearer realm=\"bookly\", error=\"invalid_token\", error_description=\"{}\"",
            quotable(&reason.to_string())
        );
        Problem::new(&kind::UNAUTHENTICATED, reason.to_string()).with_header(WWW_AUTHENTICATE, &challenge)
    })
}

/// The token of an `Authorization: Bearer` header (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let credentials = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = credentials.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim()).filter(|token| !token.is_empty());
    token.ok_or_else(|| {
        let detail = "send the access token of POST /api/v1/auth/login as Authorization: Bearer";
        Problem::new(&kind::UNAUTHENTICATED, detail).with_header(WWW_AUTHENTICATE, "Bearer realm=\"bookly\"")
    })
}

fn forbidden(permission: Permission) -> Problem {
    let name = permission.name();
    let challenge = format!("Bearer realm=\"bookly\", error=\"insufficient_scope\", scope=\"{name}\"");
    Problem::new(&kind::FORBIDDEN, format!("this needs the permission {name}"))
        .with("permission", name)
        .with_header(WWW_AUTHENTICATE, &challenge)
}

/// What a quoted string of a header may hold without escaping (RFC 6750, section 3).
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn token(credentials: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(credentials));
        bearer(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn only_a_bearer_token_counts() {
        assert_eq!(token("Bearer abc.def").as_deref(), Some("abc.def"));
        assert_eq!(token("bearer  abc").as_deref(), Some("abc"));
        assert!(
            ["", "Bearer", "Bearer ", "Basic abc", "abc"].into_iter().all(|credentials| token(credentials).is_none())
        );
    }

    #[test]
    fn a_reason_cannot_break_out_of_its_header() {
        assert_eq!(quotable("a \"b\"\r\nc\\"), "a bc");
    }
}
