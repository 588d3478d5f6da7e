//! The engines, with a fresh database and a fresh virtual host on each.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::broker::{Broker, VirtualHost};
use super::skip;

/// Where an installation of a test stores its data, and how its events travel. Clones share both.
#[derive(Debug, Clone)]
pub enum Engine {
    /// A file in the installation's data directory; events stay within the process.
    Sqlite,
    /// A database of its own on the test server; events travel over a broker.
    Postgres {
        /// The database.
        database: Arc<Database>,
        /// The broker's virtual host.
        bus: Bus,
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

    /// PostgreSQL with a fresh database and RabbitMQ with a fresh virtual host, unless the run leaves them out or one is
    /// not there, which is noted.
    pub fn postgres(test: &str) -> Option<Self> {
        if !wanted("postgres") {
            return None;
        }
        let server = database_server(test)?;
        let host = VirtualHost::make(test)?;
        Some(Self::Postgres { database: Arc::new(Database::make(server)), bus: Bus::Own(Arc::new(host)) })
    }

    /// PostgreSQL with a fresh database, and a broker of the test's own.
    pub fn with_broker(broker: &Broker, test: &str) -> Option<Self> {
        let (url, management_url) = (broker.url(), broker.management_url());
        let database = Arc::new(Database::make(database_server(test)?));
        Some(Self::Postgres { database, bus: Bus::At { url, management_url } })
    }

    /// The same database, where the broker is said to be elsewhere.
    pub fn with_amqp_url(self, url: &str) -> Self {
        let management_url = self.management_url().unwrap_or_default();
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres { database, .. } => {
                Self::Postgres { database, bus: Bus::At { url: url.to_owned(), management_url } }
            }
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
