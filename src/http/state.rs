//! What every operation can reach.

use actors::auth::{Auth, Tokens};
use actors::availability::Availability;
use actors::cache::{Cache, CacheClient};
use actors::clock::Clock;
use actors::database::Database;
use actors::dead_letters::DeadLetters;
use actors::imports::Imports;
use actors::reports::Reports;
use actors::resources::Resources;
use actors::supervision::{Address, Running};
use chrono_tz::Tz;

use super::health::Probe;

/// The services' actors.
#[derive(Clone)]
pub struct Services {
    /// Who has an account, and who is logged in.
    pub auth: Address<Auth>,
    /// What can be reserved.
    pub resources: Address<Resources>,
    /// Who has what when.
    pub availability: Address<Availability>,
    /// What was reserved.
    pub reports: Address<Reports>,
    /// Brings timetables in.
    pub imports: Address<Imports>,
    /// Keeps what a consumer could not handle.
    pub dead_letters: Address<DeadLetters>,
    /// Owns Redis.
    pub cache: Address<Cache>,
}

/// What every operation can reach.
#[derive(Clone)]
pub struct HttpState {
    /// The services' actors.
    pub services: Services,
    /// The supervision tree.
    pub running: Running,
    /// For what belongs to no service: the event store, idempotent requests, readiness.
    pub database: Database,
    /// Says whom an access token belongs to.
    pub tokens: Tokens,
    /// What was read before.
    pub cache: CacheClient,
    /// The time.
    pub clock: Clock,
    /// The zone of the campus.
    pub time_zone: Tz,
    /// Looks whether the database answers.
    pub probe: Probe,
}
