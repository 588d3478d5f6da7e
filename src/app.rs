//! The assembly: opens the storage, builds the supervision tree, hands the addresses out.
//!
//! ```text
//! bookly (one for one)
//! ├── cache
//! ├── services (one for one): auth, resources, availability, reports, imports
//! └── events (rest for one): bridge, relay, dead-letters
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actors::auth::{Auth, Tokens};
use actors::availability::Availability;
use actors::bridge::{self, Bridge};
use actors::cache::{Cache, CacheClient};
use actors::clock::{Clock, Ids};
use actors::database::{Database, Error as DatabaseError};
use actors::dead_letters::DeadLetters;
use actors::event_store::recovery;
use actors::handling::Handling;
use actors::imports::{Imports, Workplace};
use actors::relay::Relay;
use actors::reports::Reports;
use actors::resources::Resources;
use actors::service::Campus;
use actors::supervision::{Address, Backoff, ChildSpec, Intensity, Running, Strategy, child, supervisor};
use actors::wiring::Consumers;
use amqp::transport::rabbitmq;
use amqp::{Service, Transport};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::caching;
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
    /// The way of events.
    pub transport: Transport,
    /// The storage.
    pub database: Database,
    /// What was read before.
    pub cache: CacheClient,
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
        let directory = identity(&settings.data_dir)?;
        let cache = caching::client(&settings.cache, &database).await?;
        let campus = Campus {
            database: database.clone(),
            cache: cache.clone(),
            clock: clock.clone(),
            time_zone: settings.time_zone,
        };
        let (services, running, transport) = start_tree(&campus, &tokens, &settings, directory);
        let app = Self { running, services, transport, database, cache, clock, settings, tokens, _lock: lock };
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
            time_zone: self.settings.time_zone,
            cache: self.cache.clone(),
            probe: Probe::new(self.database.clone(), self.transport.clone()),
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

fn start_tree(
    campus: &Campus,
    tokens: &Tokens,
    settings: &Settings,
    directory: Uuid,
) -> (Services, Running, Transport) {
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
        move || Imports::new(campus.clone(), workplace.clone(), directory)
    });
    let consumers = Consumers { availability: availability.clone(), reports: reports.clone() };
    let EventPath { transport, specs: [bridge, relay, letters], dead_letters } =
        event_path(campus, consumers, settings);
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
        .child(bridge)
        .child(relay)
        .child(letters);
    let marker = settings.data_dir.join("cache-owes");
    let (cache, cache_spec) = {
        let client = campus.cache.clone();
        child("cache", move |life| Ok(Cache::new(client.clone(), Some(marker.clone()), life.clone()))).build()
    };
    let running = supervisor("bookly")
        .strategy(Strategy::OneForOne)
        .intensity(LAST_INTENSITY)
        .backoff(BACKOFF)
        .child(cache_spec)
        .supervisor(services)
        .supervisor(events)
        .start();
    (Services { auth, resources, availability, reports, imports, dead_letters, cache }, running, transport)
}

/// What a branch takes before it gives up: with the waits of [`BACKOFF`], seconds of an actor that panics at once.
const INTENSITY: Intensity = Intensity { restarts: 10, within: Duration::from_secs(60) };
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1) };
/// How often a branch may give up before the process ends. The window holds as many of the longest lives of a branch
/// that gives up, or an actor that panics for ever would be restarted for ever.
const LAST_INTENSITY: Intensity = Intensity { restarts: 3, within: Duration::from_secs(300) };

/// The way of events: what carries them, handles them, and keeps those that failed.
struct EventPath {
    transport: Transport,
    specs: [ChildSpec; 3],
    dead_letters: Address<DeadLetters>,
}

fn event_path(campus: &Campus, consumers: Consumers, settings: &Settings) -> EventPath {
    let transport = transport(campus, settings);
    let parked = Arc::new(Notify::new());
    let handling = Handling::new(campus.clone(), consumers, settings.retry.clone(), Arc::clone(&parked));
    let bridge = {
        let (transport, handling, clock) = (transport.clone(), handling.clone(), campus.clock.clone());
        child("bridge", move |life| {
            let (transport, handling, clock) = (transport.clone(), handling.clone(), clock.clone());
            let services = handling.services().collect();
            Ok(Bridge::new(bridge::Parts { transport, handling, services, clock, life: life.clone() }))
        })
        .build()
        .1
    };
    let relay = {
        let (campus, transport, policies) = (campus.clone(), transport.clone(), settings.retry.clone());
        child("relay", move |life| Ok(Relay::new(campus.clone(), transport.clone(), policies.clone(), life.clone())))
            .build()
            .1
    };
    let (campus, policies) = (campus.clone(), settings.retry.clone());
    let (dead_letters, letters_spec) = child("dead-letters", move |life| {
        let replay = handling.replay();
        Ok(DeadLetters::new(campus.clone(), Arc::new(policies.clone()), replay, Arc::clone(&parked), life.clone()))
    })
    .mailbox(MAILBOX)
    .concurrency(AT_ONCE)
    .build();
    EventPath { transport, specs: [bridge, relay, letters_spec], dead_letters }
}

fn transport(campus: &Campus, settings: &Settings) -> Transport {
    let Some(url) = settings.amqp_url.clone() else {
        return Transport::in_process(&Service::ALL);
    };
    Transport::rabbitmq(rabbitmq::Options { url, recover: recovery::hook(campus.database.clone()) })
}

/// Makes the data directory, for its owner alone, unless it is there.
///
/// # Errors
/// [`StartError::Directory`].
pub fn make_directory(directory: &Path) -> Result<(), StartError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| StartError::Directory(directory.display().to_string(), error))
}

/// The identifier of the data directory, made when it is first used. Tells this installation's processes from others
/// that share its database.
fn identity(directory: &Path) -> Result<Uuid, StartError> {
    let unusable = |error| StartError::Directory(directory.display().to_string(), error);
    let path = directory.join("directory-id");
    if let Some(known) = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(known);
    }
    let id = Ids.next();
    fs::write(&path, id.to_string()).map_err(unusable)?;
    Ok(id)
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
