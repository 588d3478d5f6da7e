//! Opening a store, so that nothing outdated is in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bb8_redis::bb8::{ManageConnection, Pool};
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError};
use tokio::sync::{Notify, Semaphore};

use super::connections::Connections;
use super::connector::{Connector, run_id};
use super::speed::{SLOW, Speed};
use super::trouble::{first_trouble, trouble};
use super::{AT_ONCE, Redis, Scripts};
use crate::cache::entry::{Place, Taken, unique};
use crate::cache::key::{Group, Outdated};
use crate::cache::pattern::Pattern;
use crate::cache::store::Trouble;

/// Connections that are open before anybody reads.
const CONNECTIONS: u32 = 1;
/// How long opening may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Answers that must be fast before a server is read from.
const TRIALS: u32 = 3;

impl Redis {
    /// Whether the address is one that a connection can be made to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_url(url: &str) -> Result<(), String> {
        Client::open(url).map(drop).map_err(|error| error.to_string())
    }

    /// Where the server is, without the login.
    pub fn address(url: &str) -> String {
        Client::open(url).map(|client| client.get_connection_info().addr().to_string()).unwrap_or_default()
    }

    /// Where the keys are, without the login: the address of the server and the number of the database in it.
    pub fn site(url: &str) -> String {
        let client = Client::open(url).ok();
        let database = client.map_or(0, |client| client.get_connection_info().redis_settings().db());
        format!("{}/{database}", Self::address(url))
    }

    /// Opens a store whose keys all begin with `namespace`. A server that was started since it was last used may hold
    /// what was outdated long ago, from a snapshot, and one that was last used in another `epoch` was not told of what
    /// changed since: everything in it is forgotten first.
    pub async fn open(url: &str, namespace: &Arc<str>, epoch: &str) -> Result<Self, Trouble> {
        let opened = tokio::time::timeout(PATIENCE, open(url, namespace, epoch)).await;
        opened.unwrap_or_else(|_| Err(Trouble::Broken(format!("no answer within {} s", PATIENCE.as_secs()))))
    }

    /// Forgets all keys of the namespace.
    pub async fn forget_everything(&self) -> Result<(), Trouble> {
        let run = self.noted_run().await?;
        self.forget_pattern(&Pattern::all()).await?;
        if !run.is_empty() {
            self.note_run(&run).await?;
        }
        Ok(())
    }

    /// What is noted of the run; something else, or nothing, if it is not a text that could be a note.
    async fn noted_run(&self) -> Result<Vec<u8>, Trouble> {
        let mut read = redis::cmd("GETRANGE");
        read.arg(self.key(RUN)).arg(0).arg(LONGEST_NOTE);
        let noted: Result<Vec<u8>, RedisError> = read.query_async(&mut self.connection().await?).await;
        match noted {
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(Vec::new()),
            noted => noted.map_err(|error| trouble(&error)),
        }
    }

    /// Tries what a cache needs: a lease and the forgetting of a group. What the user may not do is the trouble.
    async fn check_leave(&self) -> Result<(), Trouble> {
        let group = Group::named("probe");
        let place = Place { key: format!("probe:{}", unique().simple()), group: Some(group.clone()) };
        match self.take(&place).await {
            Ok(Taken::Ours(lease)) => self.release(&place, &lease).await?,
            // One that is full still forgets.
            Ok(_) | Err(Trouble::Full(_)) => {}
            Err(broken) => return Err(broken),
        }
        self.get(&[&place]).await?;
        self.forget(&[&Outdated::Group(group)]).await
    }

    async fn note_run(&self, run: &[u8]) -> Result<(), Trouble> {
        let noted: Result<(), RedisError> =
            redis::cmd("SET").arg(self.key(RUN)).arg(run).query_async(&mut self.connection().await?).await;
        match noted.map_err(|error| trouble(&error)) {
            // It is full: the next to open it forgets everything once more.
            Err(Trouble::Full(_)) | Ok(()) => Ok(()),
            Err(broken) => Err(broken),
        }
    }
}

/// Where it is noted which run of the server is known to hold nothing outdated, in which format its values are, and from
/// which epoch.
const RUN: &str = "run";
/// Bytes that a note is shorter than.
const LONGEST_NOTE: usize = 200;
/// The format of the values; to be raised when an older program's values would be read otherwise than they were meant.
const FORMAT: u32 = 1;

async fn open(url: &str, namespace: &Arc<str>, epoch: &str) -> Result<Redis, Trouble> {
    let failed = |error: RedisError| trouble(&error);
    let connector = Connector::any_run(url).map_err(failed)?;
    let mut connection = connector.connect().await.map_err(|error| first_trouble(&error, url))?;
    check_speed(&mut connection).await?;
    let run = run_id(&mut connection).await.map_err(failed)?;
    let pool = Pool::builder()
        .max_size(CONNECTIONS)
        .min_idle(CONNECTIONS)
        .test_on_check_out(false)
        .connection_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .retry_connection(false)
        .build(connector.same_run(run.clone()))
        .await
        .map_err(failed)?;
    let redis = Redis {
        connections: Connections::new(pool),
        namespace: Arc::clone(namespace),
        scripts: Scripts::new(),
        speed: Speed::default(),
        turns: Semaphore::new(AT_ONCE),
        is_closed: false.into(),
        closing: Notify::new(),
    };
    redis.check_leave().await?;
    let current = format!("{run} {FORMAT} {epoch}").into_bytes();
    if redis.noted_run().await? != current {
        redis.forget_pattern(&Pattern::all()).await?;
        redis.note_run(&current).await?;
    }
    Ok(redis)
}

async fn check_speed(connection: &mut MultiplexedConnection) -> Result<(), Trouble> {
    let began = Instant::now();
    for _ in 0..TRIALS {
        let pong: Result<String, RedisError> = redis::cmd("PING").query_async(connection).await;
        pong.map_err(|error| trouble(&error))?;
    }
    let mean = began.elapsed() / TRIALS;
    if mean > SLOW {
        return Err(Trouble::Broken(format!("it takes {} ms to answer", mean.as_millis())));
    }
    Ok(())
}
