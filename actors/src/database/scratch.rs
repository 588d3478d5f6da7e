//! Fresh databases for tests, on both engines.
//!
//! A test is a function of a [`Scratch`]; [`on_each_engine!`] makes of it one test an engine. PostgreSQL is the server
//! that `BOOKLY_TEST_DATABASE_URL` names; `BOOKLY_TEST_ENGINES` chooses the engines (`sqlite,postgres`).

use std::fs::OpenOptions;
use std::io::Write;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::{Database, Engine, Location};
use crate::clock::Ids;

/// A database that nobody else uses and that goes away with this value.
pub(crate) struct Scratch {
    location: Location,
    _remains: Remains,
}

/// What has to be cleared away.
enum Remains {
    Directory { _directory: TempDir },
    PostgresDatabase { server: String, name: String },
}

impl Scratch {
    /// A new, empty database; `None` when the engine is not wanted, or not to be had and not required.
    pub fn new(engine: Engine) -> Option<Self> {
        if !is_wanted(engine) {
            return None;
        }
        match engine {
            Engine::Sqlite => Some(Self::sqlite()),
            Engine::Postgres => match variable("BOOKLY_TEST_DATABASE_URL") {
                Some(server) => Some(Self::postgres(server)),
                None => {
                    skip(
                        "tests on PostgreSQL: BOOKLY_TEST_DATABASE_URL names no server; `cargo xtask test` starts one",
                    );
                    None
                }
            },
        }
    }

    fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let location = Location::Sqlite(directory.path().join("bookly.sqlite"));
        Self { location, _remains: Remains::Directory { _directory: directory } }
    }

    fn postgres(server: String) -> Self {
        let name = format!("bookly_test_{}", Ids.next().simple());
        admin(&server).batch_execute(&format!("CREATE DATABASE {name}")).expect("leave to create databases");
        let location = Location::Postgres(with_database(&server, &name));
        Self { location, _remains: Remains::PostgresDatabase { server, name } }
    }

    /// Where it is.
    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// Its engine.
    pub fn engine(&self) -> Engine {
        self.location.engine()
    }

    /// Opens it, with its schema.
    pub fn open(&self) -> Database {
        Database::open(self.location()).expect("the database opens")
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if let Self::PostgresDatabase { server, name } = self {
            let dropped = admin(server).batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
            if let Err(error) = dropped {
                eprintln!("the database {name} is left behind: {error}");
            }
        }
    }
}

fn admin(server: &str) -> PgConnection {
    PgConnection::establish(server).expect("a connection to the server of BOOKLY_TEST_DATABASE_URL")
}

/// The server's URL with another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').map_or((server, None), |(url, options)| (url, Some(options)));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let host_end =
        address.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| after_scheme + at);
    let host = address.get(..host_end).unwrap_or(address);
    options.map_or_else(|| format!("{host}/{name}"), |options| format!("{host}/{name}?{options}"))
}

fn is_wanted(engine: Engine) -> bool {
    let word = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    variable("BOOKLY_TEST_ENGINES").is_none_or(|list| list.split(',').any(|wanted| wanted.trim() == word))
}

/// Notes for the test command what could not be tested; where nothing may be skipped, that is a failure.
pub(crate) fn skip(what: &str) {
    assert!(variable("BOOKLY_TEST_REQUIRED").is_none(), "nothing may be skipped: {what}");
    if let Some(path) = variable("BOOKLY_TEST_SKIPPED") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file of skipped tests");
        writeln!(file, "{what}").expect("a line in the file of skipped tests");
    }
}

#[expect(clippy::disallowed_methods, reason = "the home of environment reading in this crate's tests")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs the test on a fresh database, in a system of actors of its own.
pub(crate) fn run<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(Scratch) -> F) {
    if let Some(scratch) = Scratch::new(engine) {
        actix_rt::System::new().block_on(test(scratch));
    }
}

/// Makes of each `async fn(Scratch)` a module with one test an engine.
macro_rules! on_each_engine {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn sqlite() {
                $crate::database::scratch::run($crate::database::Engine::Sqlite, super::$test);
            }

            #[test]
            fn postgres() {
                $crate::database::scratch::run($crate::database::Engine::Postgres, super::$test);
            }
        }
    )+};
}
pub(crate) use on_each_engine;

/// Asks again and again until there is an answer; fails the test when there is none within a minute.
pub(crate) async fn settle<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "did not happen in time: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Waits with the whole thread for what other threads do.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn the_url_keeps_everything_but_the_database() {
    let named = |url| with_database(url, "x");
    assert_eq!(named("postgres://u:p@h:5/postgres"), "postgres://u:p@h:5/x");
    assert_eq!(named("postgres://h?sslmode=disable"), "postgres://h/x?sslmode=disable");
    assert_eq!(named("postgres:///old?host=/run/pg"), "postgres:///x?host=/run/pg");
}
