//! The auth service: who has an account, and who is logged in.
//!
//! | commands | queries | reactions |
//! |---|---|---|
//! | [`AddUser`], [`FirstAdministrator`], [`AssignRole`], [`GrantPermission`], [`GrantRolePermission`], [`LogIn`], [`Refresh`], [`LogOut`] | [`GetUser`], [`ListUsers`], [`ListRoles`], [`GetSession`], [`GetPermissions`], [`CheckUsers`], [`CheckRoles`] | none |
//!
//! ```text
//! LogIn --> throttle --> read the hash --> compare, on a blocking thread --> transaction: session, event --> tokens
//! ```
//!
//! An access token lives for 15 minutes and says no more than who shows it in which session ([`Tokens::verify`]). That the
//! session goes on ([`GetSession`]) and what its user may do now ([`GetPermissions`]) is asked with each request, through
//! the cache ([`cached`]): a logout counts at once, and so does what was given. A refresh token lives for 30 days and is
//! exchanged for the next one each time it is used.

mod add_user;
mod assign_role;
mod bulk;
pub mod cached;
mod check;
mod error;
mod first_administrator;
mod get;
mod get_session;
mod grant_permission;
mod hashing;
mod list;
mod log_in;
mod log_out;
pub mod model;
mod refresh;
mod rights;
mod roles;
mod rules;
mod secret;
mod sessions;
mod store;
mod throttle;
mod tokens;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use add_user::AddUser;
pub use assign_role::AssignRole;
pub(crate) use bulk::{UnknownPassword, insert_bulk};
pub use check::CheckUsers;
pub use error::Error;
pub use first_administrator::FirstAdministrator;
pub use get::GetUser;
pub use get_session::{GetSession, Session};
pub use grant_permission::GrantPermission;
pub use list::{ListUsers, UserPage};
pub use log_in::{LogIn, LoggedIn};
pub use log_out::LogOut;
pub use model::User;
pub use refresh::Refresh;
pub use rights::{GetPermissions, Rights};
pub use roles::{CheckRoles, GrantRolePermission, ListRoles, RoleGrants, RoleRights};
pub use secret::Secret;
pub use tokens::{Identity, TokenError, Tokens};

use crate::service::{Campus, service_actor};
use hashing::Hashing;
use throttle::Throttle;

/// The actor of the auth service. Its clones are the same actor, at work on another request.
#[derive(Clone)]
pub struct Auth {
    campus: Campus,
    tokens: Tokens,
    hashing: Hashing,
    throttle: Arc<Mutex<Throttle>>,
}

impl Auth {
    /// The service on `campus`, which signs with `tokens`.
    pub fn new(campus: Campus, tokens: Tokens) -> Self {
        Self::hashing_with(Hashing::owasp(), campus, tokens)
    }

    fn hashing_with(hashing: Hashing, campus: Campus, tokens: Tokens) -> Self {
        Self { campus, tokens, hashing, throttle: Arc::default() }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

service_actor!(Auth);

/// Makes the actor the handler of a command that does more than one transaction: it hashes, or signs tokens. The
/// command has an `async fn run(self, auth: Auth, caller: Caller)`.
macro_rules! long_command {
    ($Command:ty => $Answer:ty) => {
        impl actix::Message for $crate::service::Request<$Command> {
            type Result = Result<$Answer, $crate::auth::Error>;
        }

        impl actix::Handler<$crate::service::Request<$Command>> for $crate::auth::Auth {
            type Result = actix::ResponseFuture<Result<$Answer, $crate::auth::Error>>;

            fn handle(&mut self, request: $crate::service::Request<$Command>, _: &mut Self::Context) -> Self::Result {
                Box::pin(request.command.run(self.clone(), request.caller))
            }
        }
    };
}
use long_command;
