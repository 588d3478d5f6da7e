//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actors::cache::Statistics;
use actors::database::{Database, Error};
use actors::event_store::outbox::{self, Backlog};
use actors::supervision::{Node, Running};
use amqp::{Condition, Transport};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::answer::{Answer, Reply};
use super::call::Call;
use super::caller::Access;
use super::problem::Problem;
use super::route::{Group, get};

/// How long the database may take to answer a probe: probes themselves want an answer within a second.
const PATIENCE: Duration = Duration::from_millis(800);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(Access::Public, "/health/live", "isLive", "Whether the process answers at all.").also_at_root().to(live),
        get(Access::Public, "/health/ready", "isReady", "Whether every part does its work; 503 when one cannot.")
            .also_at_root()
            .to(ready),
    ];
    Group { name: "Health", about: "For probes and load balancers.", routes }
}

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should.
    Ready,
    /// Less well than it should, and nothing is lost.
    Degraded,
    /// Not at all.
    Unready,
}

/// One part of the system.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Part {
    /// How well it works.
    status: Status,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// The parts of the system.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Parts {
    /// Where everything is stored.
    database: Part,
    /// The way of events from the store to the services.
    bus: Part,
    /// What makes reading fast.
    cache: Part,
    /// The supervision tree.
    actors: Part,
}

/// Whether the process can do its work.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Readiness {
    /// The worst of its parts.
    status: Status,
    /// Its parts.
    parts: Parts,
}

/// The process answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Liveness {
    /// Always `live`.
    status: &'static str,
}

/// Asks the database at most once at a time, so that probes of a database that hangs do not pile up before it.
#[derive(Clone)]
pub struct Probe {
    database: Database,
    transport: Transport,
    turn: Arc<Semaphore>,
}

impl Probe {
    /// A probe of `database` and `transport`.
    pub fn new(database: Database, transport: Transport) -> Self {
        Self { database, transport, turn: Arc::new(Semaphore::new(1)) }
    }

    /// What waits in the outbox, or why the database did not tell within its time.
    async fn backlog(&self) -> Result<Backlog, String> {
        let asked = async {
            let turn =
                Arc::clone(&self.turn).acquire_owned().await.map_err(|error| Error::Unavailable(error.to_string()))?;
            let read = move |connection: &mut _| {
                let backlog = outbox::backlog(connection);
                drop(turn);
                backlog
            };
            self.database.read(read).await
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        answer.map_err(|_| format!("no answer within {} ms", PATIENCE.as_millis()))?.map_err(|error| {
            log::warn!("the database does not answer a probe: {error}");
            "not available".to_owned()
        })
    }
}

impl Part {
    fn ready(detail: Option<String>) -> Self {
        Self { status: Status::Ready, detail }
    }

    fn new(status: Status, detail: impl Into<String>) -> Self {
        Self { status, detail: Some(detail.into()) }
    }

    /// Without its cache the process is slower, and no less right.
    fn cache(cache: &Statistics) -> Self {
        match (cache.store.as_str(), &cache.trouble) {
            ("off", why) => Self::ready(Some(format!("off: {}", why.as_deref().unwrap_or_default()))),
            (store, None) if cache.available => Self::ready(Some(store.to_owned())),
            (store, Some(trouble)) if cache.available => {
                Self::new(Status::Degraded, format!("{store}: nothing more is kept: {trouble}"))
            }
            (store, trouble) => {
                let trouble = trouble.as_deref().unwrap_or("it is being opened");
                Self::new(Status::Degraded, format!("{store}: reads go to the database: {trouble}"))
            }
        }
    }
}

impl Readiness {
    fn of(running: &Running, transport: &Condition, cache: &Statistics, backlog: Result<Backlog, String>) -> Self {
        let tree = running.tree();
        let (database, bus) = match backlog {
            Ok(backlog) => (Part::ready(None), bus(&backlog, transport, &tree)),
            Err(reason) => {
                (Part::new(Status::Unready, reason), Part::new(Status::Degraded, "the outbox cannot be read"))
            }
        };
        let cache = Part::cache(cache);
        let actors = actors(running.ready(), &tree);
        let parts = Parts { database, bus, cache, actors };
        let statuses = [&parts.database, &parts.bus, &parts.cache, &parts.actors].map(|part| part.status);
        Self { status: statuses.into_iter().max().unwrap_or(Status::Unready), parts }
    }
}

/// Events that wait are not lost, so the bus makes nobody unready.
fn bus(backlog: &Backlog, transport: &Condition, tree: &Node) -> Part {
    let mut details = transport.troubles.clone();
    details.push(format!("{} events waiting, {} failing", backlog.waiting, backlog.failing));
    details.extend(transport.figures.clone());
    let troubled: Vec<String> = troubled(tree).into_iter().filter(|path| path.contains("/events")).collect();
    if troubled.iter().any(|path| path.ends_with("dead-letters")) {
        details.push("there are dead letters that wait for an operator: `bookly dead-letters list`".to_owned());
    }
    let troubled = !troubled.is_empty();
    let degraded = backlog.failing > 0 || troubled || !transport.troubles.is_empty();
    Part { status: if degraded { Status::Degraded } else { Status::Ready }, detail: Some(details.join("; ")) }
}

fn actors(ready: bool, tree: &Node) -> Part {
    let troubled = troubled(tree);
    match (ready, troubled.is_empty()) {
        (true, true) => Part::ready(None),
        (true, false) => Part::new(Status::Degraded, format!("degraded: {}", troubled.join(", "))),
        (false, _) => Part::new(Status::Unready, format!("not running: {}", troubled.join(", "))),
    }
}

/// The paths of the actors that do not run, or say that they work less well than they should.
fn troubled(node: &Node) -> Vec<String> {
    let runs = matches!(node.state, actors::supervision::State::Running);
    let own = (!runs || node.degraded).then(|| node.path.clone());
    own.into_iter().chain(node.children.iter().flat_map(troubled)).collect()
}

impl Answer for Readiness {
    fn describe(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Reply::<Self>::describe(schemas)
    }

    fn respond(self, status: StatusCode) -> HttpResponse {
        let status = if self.status == Status::Unready { StatusCode::SERVICE_UNAVAILABLE } else { status };
        Reply::of(self).respond(status)
    }
}

async fn live(_: Call) -> Result<Reply<Liveness>, Problem> {
    Ok(Reply::of(Liveness { status: "live" }))
}

async fn ready(call: Call) -> Result<Readiness, Problem> {
    let backlog = call.state.probe.backlog().await;
    let transport = call.state.probe.transport.condition();
    Ok(Readiness::of(&call.state.running, &transport, &call.state.cache.statistics(), backlog))
}
