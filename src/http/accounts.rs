//! Operations of the auth service on sessions: logging in and out.

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, USER_AGENT};
use actors::auth::{Error, LogIn, LogOut, LoggedIn, Refresh, Secret, User};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Done, Reply};
use super::call::{Call, Sent};
use super::caller::Access;
use super::problem::{Kind, Problem, kind};
use super::route::{Group, post};

const LOGIN: &[&Kind] = &[&kind::LOGIN_REFUSED, &kind::INACTIVE, &kind::LOCKED];
const SESSION: &[&Kind] = &[&kind::SESSION_ENDED, &kind::INACTIVE];

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        post(Access::Public, "/auth/login", "logIn", "Begins a session with an e-mail address and a password.")
            .may_refuse(LOGIN)
            .to(log_in),
        post(Access::Public, "/auth/refresh", "refreshSession", "Exchanges a refresh token, once, for new tokens.")
            .may_refuse(SESSION)
            .to(refresh),
        post(Access::Caller, "/auth/logout", "logOut", "Ends the session that the access token belongs to.")
            .answers(StatusCode::NO_CONTENT)
            .may_refuse(&[&kind::SESSION_ENDED])
            .to(log_out),
    ];
    Group { name: "Sessions", about: "Logging in and out.", routes }
}

/// Who wants to log in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Credentials {
    /// The e-mail address; upper and lower case are the same.
    email: String,
    /// The password.
    password: Secret,
}

/// A refresh token to be exchanged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Renewal {
    /// The refresh token of the last login or refresh.
    refresh_token: Secret,
}

/// A session's tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
struct Session {
    /// What every request is to show, as `Authorization: Bearer`.
    access_token: Secret,
    /// What the next access token is got with, once.
    refresh_token: Secret,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token is good for, in seconds.
    expires_in: i64,
    /// Who has logged in.
    user: User,
}

fn session(logged_in: LoggedIn) -> Reply<Session> {
    let LoggedIn { access_token, refresh_token, expires_in, user } = logged_in;
    Reply::of(Session { access_token, refresh_token, token_type: "Bearer", expires_in, user })
}

async fn log_in(call: Sent<Credentials>) -> Result<Reply<Session>, Problem> {
    let Credentials { email, password } = &call.body.0;
    let user_agent = call.header(USER_AGENT).map(str::to_owned);
    let command = LogIn { email: email.clone(), password: password.clone(), ip: call.peer(), user_agent };
    Ok(session(call.command(&call.state.services.auth, command).await?))
}

async fn refresh(call: Sent<Renewal>) -> Result<Reply<Session>, Problem> {
    let command = Refresh { refresh_token: call.body.0.refresh_token.clone() };
    Ok(session(call.command(&call.state.services.auth, command).await?))
}

async fn log_out(call: Call) -> Result<Done, Problem> {
    call.command(&call.state.services.auth, LogOut).await?;
    Ok(Done)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::BadCredentials => Self::new(&kind::LOGIN_REFUSED, detail),
            Error::TokenInvalid => Self::new(&kind::SESSION_ENDED, detail),
            Error::Locked { retry_after_s } => {
                Self::new(&kind::LOCKED, detail).with_header(RETRY_AFTER, &retry_after_s.to_string())
            }
            Error::Inactive => Self::new(&kind::INACTIVE, detail),
            Error::EmailTaken(_) => Self::new(&kind::EMAIL_TAKEN, detail),
            Error::NotFound => Self::new(&kind::NOT_FOUND, detail),
            Error::VersionStale { current } => Self::new(&kind::VERSION_STALE, detail).with("currentVersion", current),
            Error::Invalid(violations) => Self::violations(violations),
            Error::Cryptography(_) => Self::internal(detail),
            Error::Storage(error) => error.into(),
        }
    }
}
