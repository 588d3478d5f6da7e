//! The assembly: opens the storage, builds the supervision tree, hands the addresses out.
//!
//! ```text
//! bookly (one for one)
//! ├── services (one for one): auth, resources, availability, reports, imports
//! └── events (rest for one): bridge, relay
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use actors::auth::{Auth, Tokens};
use actors::availability::Availability;
use actors::bridge::Bridge;
use actors::clock::Clock;
use actors::database::{Database, Error as DatabaseError};
use actors::imports::{Imports, Workplace};
use actors::relay::Relay;
use actors::reports::Reports;
use actors::resources::Resources;
use actors::service::Campus;
use actors::supervision::{Backoff, ChildSpec, Intensity, Running, Strategy, child, supervisor};
use actors::wiring::Consumers;
use amqp::{Service, Transport};

use crate::http::health::Probe;
use crate::http::{HttpState, Services};
use crate::settings::Settings;

/// Messages that a service takes in at once, waiting and being handled.
const MAILBOX: usize = 1_024;
/// Messages that a service handles at the same time.
const AT_ONCE: usize = 256;

/// A running installation.
pub struct App {
    /// The supervision tree.
    pub running: Running,
    /// The services' actors.
    pub services: Services,
    /// The storage.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    settings: Settings,
    tokens: Tokens,
    // Held as long as the installation runs: no second one may use the directory.
    _lock: File,
}

/// Why the installation could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("the data directory {0} cannot be used: {1}; give another one with --data-dir")]
    Directory(String, io::Error),
    /// Another process uses the data directory.
    #[error("another bookly uses the data directory {0}; stop it, or give another one with --data-dir")]
    InUse(String),
    /// Storage cannot be opened.
    #[error("{0}")]
    Database(#[from] DatabaseError),
    /// The key that signs tokens cannot be loaded.
    #[error("{0}")]
    Tokens(#[from] actors::auth::Error),
    /// The parts did not all come up in time.
    #[error("these parts did not start: {0}")]
    NotReady(String),
}

impl App {
    /// Starts an installation. Must run inside an actix system.
    ///
    /// # Errors
    /// [`StartError`], which says what to do.
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, StartError> {
        let lock = lock_directory(&settings.data_dir)?;
        let database = Database::open(settings.database.clone())?;
        let tokens = Tokens::load(&database).await?;
        let campus = Campus { database: database.clone(), clock: clock.clone(), time_zone: settings.time_zone };
        let (services, running) = start_tree(&campus, &tokens);
        let app = Self { running, services, database, clock, settings, tokens, _lock: lock };
        app.wait_until_ready().await?;
        Ok(app)
    }

    /// The campus time zone.
    pub fn time_zone(&self) -> chrono_tz::Tz {
        self.settings.time_zone
    }

    /// What the HTTP edge needs.
    pub fn http_state(&self) -> HttpState {
        HttpState {
            services: self.services.clone(),
            running: self.running.clone(),
            database: self.database.clone(),
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
            probe: Probe::new(self.database.clone()),
        }
    }

    /// The listening control socket, which only the operator's user can open.
    ///
    /// # Errors
    /// When the socket cannot be made, for example because its path is longer than the system allows.
    pub fn control_listener(&self) -> io::Result<UnixListener> {
        let path = self.settings.control_socket();
        // The lock on the directory is ours, so a socket that is there is left over from a process that died.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    /// Stops every part, the later ones first.
    pub async fn stop(&self) {
        self.running.stop().await;
        let _ = fs::remove_file(self.settings.control_socket());
    }

    async fn wait_until_ready(&self) -> Result<(), StartError> {
        let ready = async {
            while !self.running.ready() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, ready).await.map_err(|_| {
            let tree = serde_json::to_string(&self.running.tree()).unwrap_or_default();
            StartError::NotReady(tree)
        })
    }
}

fn start_tree(campus: &Campus, tokens: &Tokens) -> (Services, Running) {
    macro_rules! service {
        ($name:literal, $make:expr) => {{
            let make = $make;
            child($name, move |_| Ok(make())).mailbox(MAILBOX).concurrency(AT_ONCE).build()
        }};
    }
    let of = |campus: &Campus| campus.clone();
    let (auth, auth_spec) = service!("auth", {
        let (campus, tokens) = (of(campus), tokens.clone());
        move || Auth::new(campus.clone(), tokens.clone())
    });
    let (resources, resources_spec) = service!("resources", {
        let campus = of(campus);
        move || Resources::new(campus.clone())
    });
    let (availability, availability_spec) = service!("availability", {
        let campus = of(campus);
        move || Availability::new(campus.clone())
    });
    let (reports, reports_spec) = service!("reports", {
        let campus = of(campus);
        move || Reports::new(campus.clone())
    });
    let workplace = Workplace { resources: resources.clone(), availability: availability.clone() };
    let (imports, imports_spec) = service!("imports", {
        let campus = of(campus);
        move || Imports::new(campus.clone(), workplace.clone())
    });
    let consumers = Consumers { availability: availability.clone(), reports: reports.clone() };
    let (bridge_spec, relay_spec) = event_path(campus, consumers);
    let services = supervisor("services")
        .strategy(Strategy::OneForOne)
        .intensity(INTENSITY)
        .backoff(BACKOFF)
        .child(auth_spec)
        .child(resources_spec)
        .child(availability_spec)
        .child(reports_spec)
        .child(imports_spec);
    let events = supervisor("events")
        .strategy(Strategy::RestForOne)
        .intensity(INTENSITY)
        .backoff(BACKOFF)
        .child(bridge_spec)
        .child(relay_spec);
    let running = supervisor("bookly")
        .strategy(Strategy::OneForOne)
        .intensity(LAST_INTENSITY)
        .backoff(BACKOFF)
        .supervisor(services)
        .supervisor(events)
        .start();
    (Services { auth, resources, availability, reports, imports }, running)
}

/// What a branch takes before it gives up: with the waits of [`BACKOFF`], seconds of an actor that panics at once.
const INTENSITY: Intensity = Intensity { restarts: 10, within: Duration::from_secs(60) };
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1) };
/// How often a branch may give up before the process ends. The window holds as many of the longest lives of a branch
/// that gives up, or an actor that panics for ever would be restarted for ever.
const LAST_INTENSITY: Intensity = Intensity { restarts: 3, within: Duration::from_secs(300) };

fn event_path(campus: &Campus, consumers: Consumers) -> (ChildSpec, ChildSpec) {
    let transport = Transport::in_process(&Service::ALL);
    let road = transport.clone();
    let (_, bridge) =
        child("bridge", move |life| Ok(Bridge::new(road.clone(), consumers.clone(), life.clone()))).build();
    let (database, clock) = (campus.database.clone(), campus.clock.clone());
    let (_, relay) =
        child("relay", move |life| Ok(Relay::new(database.clone(), transport.clone(), clock.clone(), life.clone())))
            .build();
    (bridge, relay)
}

/// Makes the data directory, for its owner alone, unless it is there.
///
/// # Errors
/// [`StartError::Directory`].
pub fn make_directory(directory: &Path) -> Result<(), StartError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| StartError::Directory(directory.display().to_string(), error))
}

/// Makes the data directory and takes its lock.
fn lock_directory(directory: &Path) -> Result<File, StartError> {
    let unusable = |error| StartError::Directory(directory.display().to_string(), error);
    make_directory(directory)?;
    let lock = File::create(directory.join("bookly.lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(directory.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
