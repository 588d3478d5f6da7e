//! Stories of Redis: what it keeps and drops, what its troubles cost, and that nobody ever reads what is outdated.

mod cut_off;
mod figures;
mod load;
mod matrix;
mod outage;
mod poison;
mod restart;
mod storm;
mod switched;
mod two;

use std::ops::Deref;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Client, Engine, Installation, Keys, RedisServer, settle, settle_within};
use crate::services::campus::Campus;

/// What keys begin with on a Redis of the test's own.
const NAMESPACE: &str = "journey:";

/// An installation that reads from Redis, and a look into that.
struct Cached {
    campus: Campus,
    keys: Keys,
    /// What the names of its keys begin with.
    namespace: String,
    _server: Option<RedisServer>,
}

impl Deref for Cached {
    type Target = Campus;

    fn deref(&self) -> &Campus {
        &self.campus
    }
}

impl Cached {
    /// On PostgreSQL and RabbitMQ with the test Redis, or on SQLite and the bus within the process with a Redis of its own;
    /// `None` when there is no Redis, which is noted.
    fn start(engine: Engine, test: &str) -> Option<Self> {
        if let Engine::Sqlite = engine {
            let server = RedisServer::start(test)?;
            let cached = Self::at(&server.url(), server.keys());
            return Some(Self { _server: Some(server), ..cached });
        }
        engine.redis_url()?;
        let namespace = engine.redis_namespace();
        let campus = Campus::start(engine);
        let (keys, namespace) = (campus.keys()?, namespace?);
        let cached = Self { campus, keys, namespace, _server: None };
        cached.is_read();
        Some(cached)
    }

    /// On SQLite with a Redis that it reaches by this address; `keys` looks into it.
    fn at(url: &str, keys: Keys) -> Self {
        let campus = Campus::start_with(Engine::Sqlite, &settings(url));
        let cached = Self { campus, keys: keys.within(NAMESPACE), namespace: NAMESPACE.to_owned(), _server: None };
        cached.is_read();
        cached
    }

    fn statistics(&self) -> Value {
        self.administrator.get("/admin/cache").expect(200)
    }

    /// A counter of a kind of key.
    fn count(&self, family: &str, counter: &str) -> u64 {
        count(&self.statistics(), family, counter)
    }

    fn is_read(&self) {
        is_read(&self.administrator);
    }

    /// Waits until Redis is read and has what is asked for.
    fn hits_again(&self, family: &str, hits: u64) {
        self.is_read();
        let before = self.count(family, "hits");
        settle_within(Duration::from_secs(60), "the cache is hit again", || {
            let statistics = self.statistics();
            (statistics["available"] == true && count(&statistics, family, "hits") >= before + hits).then_some(())
        });
    }
}

fn count(statistics: &Value, family: &str, counter: &str) -> u64 {
    let families = statistics["families"].as_array().expect("families");
    families.iter().find(|one| one["family"] == family).map_or(0, |one| one[counter].as_u64().expect("a count"))
}

/// A `bookly.toml` that names a Redis.
fn settings(url: &str) -> String {
    format!("redis_url = \"{url}\"\nredis_namespace = \"{NAMESPACE}\"\n")
}

/// Waits until Redis is read.
fn is_read(administrator: &Client) {
    settle_within(Duration::from_secs(60), "Redis is read", || {
        let statistics = administrator.get("/admin/cache").expect(200);
        assert_eq!(statistics["store"], "redis");
        (statistics["available"] == true).then_some(())
    });
}

/// Waits until so much time has passed.
fn last(long: Duration) {
    let began = Instant::now();
    settle("the time is over", || (began.elapsed() >= long).then_some(()));
}

/// How often the process gave Redis up so far.
fn openings(installation: &Installation) -> usize {
    installation.log().matches("Redis is not read until it works again").count()
}
