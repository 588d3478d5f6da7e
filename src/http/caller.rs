//! Who asks, and whether they may.
//!
//! ```text
//! token: signature, time --> does its session go on? and what may its user do now? (both at once, through the cache)
//! ```

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use actors::access::{Caller, Permission};
use actors::auth::{self, GetPermissions, GetSession, Identity, Rights, Session, TokenError, cached};
use actors::cache::Glance;
use futures_util::future::join;
use uuid::Uuid;

use super::call::ask;
use super::marks::Marks;
use super::problem::{Kind, Problem, kind};
use super::route::Ahead;
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
    /// The caller, if they may pass, and what was seen at `ahead`, the key that the operation is going to read: it is looked
    /// at together with what the caller's rights are read from.
    ///
    /// # Errors
    /// 401 without a valid token of a session that goes on where one is needed, 403 when the account is switched off or
    /// without the permission; that the auth service cannot tell.
    pub async fn admit(
        self,
        request: &HttpRequest,
        state: &HttpState,
        marks: Marks,
        ahead: Option<Ahead>,
    ) -> Result<(Caller, Glance), Problem> {
        let permission = match self {
            Self::Public => return Ok((Caller::anonymous(marks.correlation_id, marks.traceparent), Glance::default())),
            Self::Caller => None,
            Self::Permission(permission) => Some(permission),
        };
        let (caller, glance) = identify(request, state, marks, ahead).await?;
        match permission {
            Some(permission) if !caller.may(permission) => Err(forbidden(permission)),
            _ => Ok((caller, glance)),
        }
    }
}

async fn identify(
    request: &HttpRequest,
    state: &HttpState,
    marks: Marks,
    ahead: Option<Ahead>,
) -> Result<(Caller, Glance), Problem> {
    if request.conn_data::<Operator>().is_some() {
        let operator = Caller { traceparent: marks.traceparent, ..Caller::operator(marks.correlation_id) };
        return Ok((operator, Glance::default()));
    }
    let token = bearer(request.headers())?;
    let identity = state.tokens.verify(token, state.clock.now()).map_err(|reason| not_taken(&reason))?;
    let stranger = Caller::anonymous(marks.correlation_id, marks.traceparent);
    let Identity { user_id, session_id } = identity;
    let keys = || {
        let of_caller = [(&cached::session(session_id)).into(), (&cached::permissions(user_id)).into()];
        of_caller.into_iter().chain(ahead.and_then(|ahead| ahead(request))).collect()
    };
    let glance = state.cache.glance(keys).await;
    let Rights { roles, permissions, .. } = rights(identity, state, &stranger, &glance).await?;
    Ok((Caller { user_id: Some(user_id), session_id: Some(session_id), roles, permissions, ..stranger }, glance))
}

/// What the user may do now whose session goes on. Nothing of that is in the token, so a logout and whatever the user is
/// given count at once.
async fn rights(identity: Identity, state: &HttpState, stranger: &Caller, glance: &Glance) -> Result<Rights, Problem> {
    let Identity { user_id, session_id } = identity;
    let (auth, cache) = (&state.services.auth, &state.cache);
    let session = cache.read_after(glance, cached::session(session_id), || ask(stranger, auth, GetSession(session_id)));
    let rights =
        cache.read_after(glance, cached::permissions(user_id), || ask(stranger, auth, GetPermissions(user_id)));
    let (session, rights) = join(session, rights).await;
    judge(user_id, session, rights)
}

fn judge(user_id: Uuid, session: Result<Session, Problem>, rights: Result<Rights, Problem>) -> Result<Rights, Problem> {
    match session {
        Ok(session) if session.active && session.user_id == user_id => {}
        Ok(_) => return Err(ended()),
        Err(problem) if problem.kind() == &kind::SESSION_ENDED => return Err(ended()),
        Err(problem) => return Err(problem),
    }
    match rights {
        Ok(rights) if rights.active => Ok(rights),
        Ok(_) => Err(auth::Error::Inactive.into()),
        Err(problem) if problem.kind() == &kind::NOT_FOUND => Err(not_taken(&TokenError::Invalid)),
        Err(problem) => Err(problem),
    }
}

fn not_taken(reason: &TokenError) -> Problem {
    refused(&kind::UNAUTHENTICATED, &reason.to_string())
}

fn ended() -> Problem {
    refused(&kind::SESSION_ENDED, &auth::Error::TokenInvalid.to_string())
}

/// 401 to a token that is not good (RFC 6750, section 3.1).
fn refused(kind: &'static Kind, reason: &str) -> Problem {
    let description = quotable(reason);
    let challenge = format!("Bearer realm=\"bookly\", error=\"invalid_token\", error_description=\"{description}\"");
    Problem::new(kind, reason).with_header(WWW_AUTHENTICATE, &challenge)
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
    use actors::access::Role;

    use super::*;

    const ANA: Uuid = Uuid::from_u128(1);

    fn outcome(session: Result<Session, Problem>, rights: Result<Rights, Problem>) -> Option<&'static str> {
        judge(ANA, session, rights).err().map(|problem| problem.kind().code)
    }

    fn rights(active: bool) -> Result<Rights, Problem> {
        Ok(Rights { active, roles: [Role::Student].into(), permissions: [Permission::ResourcesRead].into() })
    }

    fn session(user_id: Uuid, active: bool) -> Result<Session, Problem> {
        Ok(Session { user_id, active })
    }

    #[test]
    fn only_a_user_whose_account_is_on_and_whose_session_goes_on_is_admitted() {
        assert_eq!(outcome(session(ANA, true), rights(true)), None);
        assert_eq!(outcome(session(ANA, false), rights(true)), Some("auth.session_ended"));
        assert_eq!(outcome(session(Uuid::nil(), true), rights(true)), Some("auth.session_ended"));
        assert_eq!(outcome(Err(auth::Error::TokenInvalid.into()), rights(true)), Some("auth.session_ended"));
        assert_eq!(outcome(session(ANA, true), rights(false)), Some("auth.inactive"));
        assert_eq!(outcome(session(ANA, true), Err(auth::Error::NotFound.into())), Some("auth.unauthenticated"));
    }

    #[test]
    fn whoever_cannot_be_looked_up_is_not_told_to_log_in_again() {
        let away = || Problem::from(actors::database::Error::Unavailable("down".into()));
        assert_eq!(outcome(Err(away()), rights(true)), Some("unavailable"));
        assert_eq!(outcome(session(ANA, true), Err(away())), Some("unavailable"));
    }

    #[test]
    fn who_is_turned_away_is_told_to_log_in_again() {
        for problem in [ended(), not_taken(&TokenError::Invalid)] {
            assert!(format!("{problem:?}").contains("log in"), "{problem:?}");
        }
    }

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
