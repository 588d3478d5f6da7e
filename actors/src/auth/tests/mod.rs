//! The service as its callers see it: a supervised actor over a database of its own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::*;
use crate::access::{Caller, Permission, Role};
use crate::cache::CacheClient;
use crate::clock::Clock;
use crate::database::scratch::Scratch;
use crate::database::{Database, Location};
use crate::event_store::events_of;
use crate::service::{Question, Request};
use crate::supervision::{Address, Running, child, supervisor};

mod accounts;
mod caching;
mod lockout;
mod permissions;
mod sessions;

const EMAIL: &str = "ana@example.edu";
const PASSWORD: &str = "correct horse battery";

struct Installation {
    auth: Address<Auth>,
    tree: Running,
    clock: Clock,
    database: Database,
    cache: CacheClient,
    tokens: Tokens,
    directory: tempfile::TempDir,
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("an instant")
}

impl Installation {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let database = Database::open(Location::Sqlite(directory.path().join("bookly.db"))).expect("open");
        Self::over(database, directory).await
    }

    async fn on(scratch: &Scratch) -> Self {
        Self::over(scratch.open(), tempfile::tempdir().expect("directory")).await
    }

    async fn over(database: Database, directory: tempfile::TempDir) -> Self {
        let cache = CacheClient::in_process();
        database.invalidates(cache.clone());
        let tokens = Tokens::load(&database).await.expect("key");
        let clock = Clock::manual(start());
        let campus = Campus {
            database: database.clone(),
            cache: cache.clone(),
            clock: clock.clone(),
            time_zone: chrono_tz::UTC,
        };
        let signing = tokens.clone();
        // One hashing for all incarnations, as the real one is.
        let hashing = Hashing::fast();
        let actor = move |_: &_| Ok(Auth::hashing_with(hashing.clone(), campus.clone(), signing.clone()));
        let (auth, spec) = child("auth", actor).build();
        let tree = supervisor("root").child(spec).start();
        Self { auth, tree, clock, database, cache, tokens, directory }
    }

    /// With one user, a student.
    async fn with_ana() -> (Self, User) {
        let installation = Self::new().await;
        let user = installation.add(EMAIL, "Ana").await.expect("added");
        (installation, user)
    }

    async fn run<C, T>(&self, caller: Caller, command: C) -> Result<T, Error>
    where
        C: Send + 'static,
        T: Send + 'static,
        Request<C>: actix::Message<Result = Result<T, Error>>,
        Auth: actix::Handler<Request<C>>,
    {
        self.auth.send(Request { caller, command }).await.expect("an answer")
    }

    async fn ask<Q>(&self, query: Q) -> Result<Q::Answer, Error>
    where
        Q: crate::service::Query<Service = Auth, Refusal = Error>,
    {
        self.auth.send(Question { caller: operator(), query }).await.expect("an answer")
    }

    async fn add(&self, email: &str, name: &str) -> Result<User, Error> {
        let roles = BTreeSet::from([Role::Student]);
        let command = AddUser { email: email.to_owned(), name: name.to_owned(), password: PASSWORD.into(), roles };
        self.run(operator(), command).await
    }

    async fn log_in(&self, password: &str) -> Result<LoggedIn, Error> {
        self.log_in_as(EMAIL, password).await
    }

    async fn log_in_as(&self, email: &str, password: &str) -> Result<LoggedIn, Error> {
        let command = LogIn {
            email: email.to_owned(),
            password: password.into(),
            ip: Some(IpAddr::from([192, 0, 2, 10])),
            user_agent: Some("tests".to_owned()),
        };
        self.run(stranger(), command).await
    }

    async fn refresh(&self, token: &Secret) -> Result<LoggedIn, Error> {
        self.run(stranger(), Refresh { refresh_token: token.clone() }).await
    }

    /// Whom the access token stands for.
    fn identity(&self, login: &LoggedIn) -> Identity {
        self.tokens.verify(login.access_token.expose(), self.clock.now()).expect("a valid token")
    }

    /// Who asks with the access token.
    async fn caller(&self, login: &LoggedIn) -> Caller {
        let Identity { user_id, session_id } = self.identity(login);
        let rights = self.ask(GetPermissions(user_id)).await.expect("a user");
        let (user_id, session_id) = (Some(user_id), Some(session_id));
        let (roles, permissions) = (rights.roles, rights.permissions);
        Caller { user_id, session_id, roles, permissions, ..stranger() }
    }

    /// Whether the session of a login goes on.
    async fn goes_on(&self, login: &LoggedIn) -> bool {
        let identity = self.identity(login);
        let session = self.ask(GetSession(identity.session_id)).await.expect("a session");
        assert_eq!(session.user_id, identity.user_id);
        session.active
    }

    async fn event_types(&self, user: &User) -> Vec<String> {
        let id = user.id;
        let history = self.database.read::<_, Error, _>(move |connection| Ok(events_of(connection, id)?)).await;
        history.expect("history").into_iter().map(|envelope| envelope.event_type).collect()
    }

    /// Switches the account off, as an administrator of the database would.
    async fn deactivate(&self, user: &User) {
        use super::store::users;
        let row = users::table.find(crate::database::sql_types::Id(user.id));
        let update = move |transaction: &mut crate::database::Transaction<'_>| {
            let update = diesel::update(row).set(users::active.eq(false));
            update.execute(transaction.connection()).map_err(crate::database::Error::from)
        };
        assert_eq!(self.database.write(update).await.expect("updated"), 1);
    }

    /// Stops the actor after checking that every row is what its history says.
    async fn close(self) {
        let (_, differences) = self.ask(CheckUsers).await.expect("compared");
        assert_eq!(differences, Vec::<String>::new());
        let (_, differences) = self.ask(CheckRoles).await.expect("compared");
        assert_eq!(differences, Vec::<String>::new());
        self.tree.stop().await;
    }
}

fn operator() -> Caller {
    Caller::operator(Uuid::nil())
}

fn stranger() -> Caller {
    Caller::anonymous(Uuid::nil(), None)
}
