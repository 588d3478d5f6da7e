//! Databases on the run's PostgreSQL.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text as SqlText};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::Outcome;
use crate::program::until;
use crate::servers::Servers;

/// A database that is dropped with its owner.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn empty(servers: &Servers) -> Outcome<Self> {
        Self::make(servers, "template0")
    }

    /// A copy of one that nobody is connected to.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn copy_of(servers: &Servers, other: &Self) -> Outcome<Self> {
        Self::make(servers, &other.name)
    }

    fn make(servers: &Servers, template: &str) -> Outcome<Self> {
        let database = Self { server: servers.database_url.clone(), name: format!("bench_{:016x}", fastrand::u64(..)) };
        let mut connection = PgConnection::establish(&database.server)?;
        connection.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {template}", database.name))?;
        Ok(database)
    }

    /// Its connection URL.
    pub fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{base}/{}", self.name)
    }

    /// How many transactions were ended in it, by whomever; asked for from outside, so that the question is none of them.
    ///
    /// # Errors
    /// When the server does not tell.
    pub fn transactions(&self) -> Outcome<i64> {
        let query = "SELECT xact_commit + xact_rollback AS number FROM pg_stat_database WHERE datname =";
        number(&mut PgConnection::establish(&self.server)?, &format!("{query} '{}'", self.name))
    }

    /// Does at once what autovacuum would come by for: a database that was used for a while has been looked at, one that was
    /// filled a moment ago has not.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn look_after(&self) -> Outcome {
        Ok(self.connect()?.batch_execute("VACUUM ANALYZE")?)
    }

    /// Waits until every event in it is delivered, however many it has.
    ///
    /// # Errors
    /// When they are not within ten minutes.
    pub fn delivered(&self) -> Outcome {
        let mut connection = self.connect()?;
        let query = "SELECT count(*) AS number FROM (SELECT 1 FROM outbox LIMIT 1) AS waiting";
        until("delivering", || Ok((number(&mut connection, query)? == 0).then_some(())))
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When there is none to be had.
    pub fn connect(&self) -> Outcome<PgConnection> {
        Ok(PgConnection::establish(&self.url())?)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut connection) = PgConnection::establish(&self.server) {
            drop(connection.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = SqlText)]
    text: String,
}

/// What a query that names its only column `text` answers.
///
/// # Errors
/// When it fails.
pub fn text(connection: &mut PgConnection, query: &str) -> Outcome<String> {
    Ok(sql_query(query).get_result::<Text>(connection)?.text)
}

/// What a query that names its only column `number` answers.
///
/// # Errors
/// When it fails.
pub fn number(connection: &mut PgConnection, query: &str) -> Outcome<i64> {
    Ok(sql_query(query).get_result::<Number>(connection)?.number)
}
