//! The engines, and a fresh database on each.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::skip;

/// Where an installation of a test stores its data.
#[derive(Debug)]
pub enum Engine {
    /// A file in the installation's data directory.
    Sqlite,
    /// A database of its own on the test server.
    Postgres(Database),
}

/// A database that is dropped with its owner.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

fn wanted(engine: &str) -> bool {
    let engines = std::env::var("BOOKLY_TEST_ENGINES").unwrap_or_else(|_| "sqlite,postgres".to_owned());
    engines.split(',').any(|one| one.trim() == engine)
}

impl Engine {
    /// SQLite, unless the run leaves it out.
    pub fn sqlite() -> Option<Self> {
        wanted("sqlite").then_some(Self::Sqlite)
    }

    /// PostgreSQL with a fresh database, unless the run leaves it out or there is no server, which is noted.
    pub fn postgres(test: &str) -> Option<Self> {
        if !wanted("postgres") {
            return None;
        }
        let Ok(server) = std::env::var("BOOKLY_TEST_DATABASE_URL") else {
            skip(test, "PostgreSQL (BOOKLY_TEST_DATABASE_URL is not set)");
            return None;
        };
        let name = format!("bookly_{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::establish(&server).expect("the test server answers");
        connection.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
        Some(Self::Postgres(Database { server, name }))
    }

    /// The connection URL, for PostgreSQL.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(database) => {
                let (base, _) = database.server.rsplit_once('/').expect("the URL names a database");
                Some(format!("{base}/{}", database.name))
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut connection) = PgConnection::establish(&self.server) {
            let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}
