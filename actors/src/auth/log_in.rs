//! Logging in.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::store::Account;
use super::{Auth, Error, Secret, User, long_command, rules, sessions, store, tokens};
use crate::access::Caller;
use crate::clock::Ids;
use crate::database::{self, Transaction};
use crate::service::{Command, Context, Request};

/// Begins a session with an e-mail address and a password.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// The address; upper and lower case are the same.
    pub email: String,
    /// The password.
    pub password: Secret,
    /// Where the request came from.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent` header.
    pub user_agent: Option<String>,
}

/// What a client gets that has logged in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// What every request is to show.
    pub access_token: Secret,
    /// What the next access token is got with, once.
    pub refresh_token: Secret,
    /// How long the access token is good for, in seconds.
    pub expires_in: i64,
    /// Who has logged in.
    pub user: User,
}

long_command!(LogIn => LoggedIn);

impl LogIn {
    async fn run(self, auth: Auth, caller: Caller) -> Result<LoggedIn, Error> {
        let email = rules::normal_email(&self.email);
        if rules::hopeless(&email, self.password.expose()) {
            return Err(Error::BadCredentials);
        }
        let account = auth.authenticate(email, self.password).await?;
        let (session_id, refresh_token) = (Ids.next(), Secret::random()?);
        let caller = Caller { user_id: Some(account.user.id), ..caller };
        let command = OpenSession {
            account,
            session_id,
            refresh_token: refresh_token.clone(),
            ip: self.ip,
            user_agent: self.user_agent,
        };
        let user = auth.campus.execute(Request { caller, command }).await?;
        auth.admit(user, session_id, refresh_token)
    }
}

impl Auth {
    /// The account that has this address and this password.
    async fn authenticate(&self, email: String, password: Secret) -> Result<Account, Error> {
        self.throttle().check(&email, self.campus.clock.now())?;
        let wanted = email.clone();
        let account = self.campus.database.read(move |connection| store::find_account(connection, &wanted)).await?;
        let turn = self.hashing.turn().await?;
        // While this attempt waited for its turn, others may have failed. Because the turn is kept until the outcome is
        // noted, no more attempts get past the lock than there are turns.
        self.throttle().check(&email, self.campus.clock.now())?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = turn.verify(password, hash).await?;
        let Some(account) = account.filter(|_| right) else {
            self.throttle().failed(&email, self.campus.clock.now());
            return Err(Error::BadCredentials);
        };
        self.throttle().succeeded(&email);
        if account.user.active { Ok(account) } else { Err(Error::Inactive) }
    }

    /// The answer to somebody whose session has been stored.
    pub(super) fn admit(&self, user: User, session_id: Uuid, refresh_token: Secret) -> Result<LoggedIn, Error> {
        let access_token = self.tokens.issue(user.id, session_id, self.campus.clock.now())?;
        Ok(LoggedIn { access_token, refresh_token, expires_in: tokens::LIFETIME.num_seconds(), user })
    }
}

/// Begins a session of an account whose password was right.
struct OpenSession {
    account: Account,
    session_id: Uuid,
    refresh_token: Secret,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Command for OpenSession {
    type Service = Auth;
    type Answer = User;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<User, Error> {
        database::lock(transaction, &[self.account.user.id])?;
        let account = store::find_account(transaction.connection(), &self.account.user.email)?;
        // The password was compared outside of this transaction and may have been changed since.
        let unchanged = account.filter(|account| account.password_hash == self.account.password_hash);
        let user = unchanged.ok_or(Error::BadCredentials)?.user;
        if !user.active {
            return Err(Error::Inactive);
        }
        let now = context.origin.now;
        sessions::open(transaction, self.session_id, user.id, &self.refresh_token, now)?;
        let event = user.log_in(self.ip, self.user_agent.as_deref());
        store::change(transaction, context, user, event)
    }
}
