//! An installation inside the test's own process, where its parts can be made to panic.

use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actors::access::Caller;
use actors::auth::FirstAdministrator;
use actors::clock::{Clock, Ids};
use actors::database::Location;
use actors::service::Request;
use actors::supervision::Running;
use bookly::app::App;
use bookly::settings::{CacheSettings, LogFormat, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::harness::{Client, Engine};

/// An installation in this process. It is stopped and removed with its owner.
pub struct Inside {
    /// Its supervision tree.
    pub running: Running,
    address: String,
    password: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _directory: TempDir,
    // The database goes last, when nobody uses it any more.
    _engine: Engine,
}

struct Born {
    running: Running,
    address: String,
    password: String,
}

fn cache(engine: &Engine) -> CacheSettings {
    match engine.redis_url() {
        Some(url) => CacheSettings::Redis { url, namespace: engine.redis_namespace() },
        None if matches!(engine, Engine::Sqlite) => CacheSettings::InProcess,
        None => CacheSettings::Off("there is no Redis"),
    }
}

/// The settings of an installation with its data in `directory`.
pub fn settings(engine: &Engine, directory: &Path) -> Settings {
    let database = match engine.url() {
        Some(url) => Location::Postgres(url),
        None => Location::Sqlite(directory.join("bookly.sqlite3")),
    };
    Settings {
        data_dir: directory.to_owned(),
        data_dir_given: true,
        listen: ([127, 0, 0, 1], 0).into(),
        log: "info".to_owned(),
        log_format: LogFormat::Text,
        time_zone: chrono_tz::America::Bogota,
        database,
        amqp_url: engine.amqp_url(),
        cache: cache(engine),
        retry: Default::default(),
    }
}

impl Inside {
    /// Starts an installation on an empty database.
    pub fn start(engine: Engine) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = settings(&engine, directory.path());
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || actix_rt::System::new().block_on(live(settings, tell, stopped)));
        let Born { running, address, password } = told.recv().expect("it starts");
        let (stop, thread) = (Some(stop), Some(thread));
        Self { running, address, password, stop, thread, _directory: directory, _engine: engine }
    }

    /// A client that nobody is logged in with.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address)
    }

    /// The first administrator's address and password.
    pub fn credentials(&self) -> (&str, &str) {
        (ADMINISTRATOR, &self.password)
    }

    /// A client of the first administrator.
    pub fn administrator(&self) -> Client {
        self.anonymous().log_in(ADMINISTRATOR, &self.password)
    }
}

/// Makes the actor at `path` panic.
pub fn inject_panic(running: &Running, path: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(running.inject_panic(path)).expect("a part of the tree");
}

const ADMINISTRATOR: &str = "admin@bookly.local";

async fn live(settings: Settings, tell: mpsc::Sender<Born>, stopped: oneshot::Receiver<()>) {
    let app = App::start(settings, Clock::system()).await.expect("it starts");
    let caller = Caller::operator(Ids.next());
    let command = FirstAdministrator { email: ADMINISTRATOR.to_owned() };
    let made = app.services.auth.send(Request { caller, command }).await.expect("an answer").expect("no refusal");
    let (_, password) = made.expect("nobody is there yet");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let server = bookly::http::serve(app.http_state(), Some(listener), None).expect("it serves");
    let handle = server.handle();
    let serving = actix_rt::spawn(server);
    let born = Born { running: app.running.clone(), address, password: password.expose().to_owned() };
    tell.send(born).expect("the test waits");
    let _ = stopped.await;
    handle.stop(false).await;
    let _ = serving.await;
    app.stop().await;
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
