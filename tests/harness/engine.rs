//! The engines, with a fresh database, virtual host and namespace on each.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::broker::{Broker, VirtualHost};
use super::redis::Namespace;
use super::skip;

/// Where an installation of a test stores its data, how its events travel and what it caches in. Clones share all.
#[derive(Debug, Clone)]
pub enum Engine {
    /// A file in the installation's data directory; events stay within the process.
    Sqlite,
    /// A database of its own on the test server; events travel over a broker, and a Redis caches.
    Postgres {
        /// The database.
        database: Arc<Database>,
        /// The broker's virtual host.
        bus: Bus,
        /// The Redis.
        cache: Cache,
    },
}

/// A database that is dropped with its last owner.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

/// Where events travel.
#[derive(Debug, Clone)]
pub enum Bus {
    /// A virtual host of its own on the test broker.
    Own(Arc<VirtualHost>),
    /// Whatever answers there.
    At {
        /// For AMQP.
        url: String,
        /// The management API.
        management_url: String,
    },
}

/// A Redis, where there is one, and the part of it that belongs to the database.
#[derive(Debug, Clone)]
pub struct Cache {
    url: Option<String>,
    namespace: Arc<Namespace>,
}

/// Whether the run is to use this engine.
pub fn wanted(engine: &str) -> bool {
    let engines = std::env::var("BOOKLY_TEST_ENGINES").unwrap_or_else(|_| "sqlite,postgres".to_owned());
    engines.split(',').any(|one| one.trim() == engine)
}

impl Engine {
    /// SQLite, unless the run leaves it out.
    pub fn sqlite() -> Option<Self> {
        wanted("sqlite").then_some(Self::Sqlite)
    }

    /// PostgreSQL with a fresh database, RabbitMQ with a fresh virtual host and Redis with a fresh namespace, unless the run
    /// leaves them out or one of the first two is not there, which is noted; without a Redis, which is noted, there is no
    /// cache.
    pub fn postgres(test: &str) -> Option<Self> {
        if !wanted("postgres") {
            return None;
        }
        let server = database_server(test)?;
        let bus = Bus::Own(Arc::new(VirtualHost::make(test)?));
        Some(Self::Postgres { database: Arc::new(Database::make(server)), bus, cache: Cache::make(test) })
    }

    /// The same with a broker of the test's own.
    pub fn with_broker(broker: &Broker, test: &str) -> Option<Self> {
        let bus = Bus::At { url: broker.url(), management_url: broker.management_url() };
        let database = Arc::new(Database::make(database_server(test)?));
        Some(Self::Postgres { database, bus, cache: Cache::make(test) })
    }

    /// The same database, where the broker is said to be elsewhere.
    pub fn with_amqp_url(self, url: &str) -> Self {
        let management_url = self.management_url().unwrap_or_default();
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres { database, cache, .. } => {
                Self::Postgres { database, bus: Bus::At { url: url.to_owned(), management_url }, cache }
            }
        }
    }

    /// The same database and namespace, where Redis is said to be elsewhere.
    pub fn with_redis_url(self, url: &str) -> Self {
        self.with_cache_at(Some(url.to_owned()))
    }

    /// The same database, where nobody tells of a Redis.
    pub fn without_redis(self) -> Self {
        self.with_cache_at(None)
    }

    fn with_cache_at(self, url: Option<String>) -> Self {
        match self {
            Self::Postgres { database, bus, cache } => Self::Postgres { database, bus, cache: Cache { url, ..cache } },
            Self::Sqlite => Self::Sqlite,
        }
    }

    /// The database's connection URL, for PostgreSQL.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { database, .. } => Some(database.url()),
        }
    }

    /// The broker's connection URL, where there is a broker.
    pub fn amqp_url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { bus: Bus::Own(host), .. } => Some(host.url()),
            Self::Postgres { bus: Bus::At { url, .. }, .. } => Some(url.clone()),
        }
    }

    /// The URL of the broker's management API, where there is a broker.
    pub fn management_url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { bus: Bus::Own(host), .. } => Some(host.management_url()),
            Self::Postgres { bus: Bus::At { management_url, .. }, .. } => Some(management_url.clone()),
        }
    }

    /// The connection URL of the Redis, where there is one.
    pub fn redis_url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { cache, .. } => cache.url.clone(),
        }
    }

    /// What the names of its keys in Redis begin with, for PostgreSQL.
    pub fn redis_namespace(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { cache, .. } => Some(cache.namespace.name().to_owned()),
        }
    }
}

impl Cache {
    fn make(test: &str) -> Self {
        let namespace = Namespace::make(test);
        Self { url: namespace.url(), namespace: Arc::new(namespace) }
    }
}

fn database_server(test: &str) -> Option<String> {
    let server = std::env::var("BOOKLY_TEST_DATABASE_URL").ok();
    if server.is_none() {
        skip(test, "PostgreSQL (BOOKLY_TEST_DATABASE_URL is not set)");
    }
    server
}

impl Database {
    fn make(server: String) -> Self {
        let name = format!("bookly_{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::establish(&server).expect("the test server answers");
        connection.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
        Self { server, name }
    }

    fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("the URL names a database");
        format!("{base}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut connection) = PgConnection::establish(&self.server) {
            let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

#[test]
fn an_installation_is_told_of_its_redis_or_of_none() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let namespace = engine.redis_namespace().expect("PostgreSQL has one");
    let told = |engine: Engine| {
        let installation = super::Installation::start(engine);
        let command = installation.command(&[]);
        let told = |name: &str| {
            let (_, value) = command.get_envs().find(|(key, _)| *key == name).expect("it is set or removed");
            value.map(|value| value.to_str().expect("UTF-8").to_owned())
        };
        ["REDIS_URL", "BOOKLY_REDIS_NAMESPACE"].map(told)
    };
    let shared = std::env::var("BOOKLY_TEST_REDIS_URL").ok();
    assert_eq!(told(engine.clone()), [shared, Some(namespace.clone())]);
    let elsewhere = "redis://127.0.0.1:1/0";
    assert_eq!(told(engine.clone().with_redis_url(elsewhere)), [Some(elsewhere.to_owned()), Some(namespace.clone())]);
    assert_eq!(told(engine.without_redis()), [None, Some(namespace)]);
}

#[test]
fn the_keys_of_an_installation_are_its_own_and_go_with_it() {
    let engine = || Engine::postgres(module_path!()).filter(|engine| engine.redis_url().is_some());
    let (Some(one), Some(other)) = (engine(), engine()) else { return };
    let namespace = one.redis_namespace().expect("PostgreSQL has one");
    let all = super::redis::Keys::new(&one.redis_url().expect("a Redis"));
    let (one, other) = (super::Installation::start(one), super::Installation::start(other));
    let keys = [&one, &other].map(|installation| installation.keys().expect("a Redis"));
    keys[0].set("test:a", "1");
    assert_eq!((keys[0].get("test:a").as_deref(), keys[1].get("test:a")), (Some("1"), None));
    assert!(all.exists(&format!("{namespace}test:a")));
    drop(one);
    assert_eq!(all.matching(&format!("{namespace}*")), Vec::<String>::new());
    drop(other);
}
