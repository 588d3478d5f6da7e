//! Redis as a store.

mod connections;
mod connector;
mod opening;
mod scripts;
mod speed;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, ScriptInvocation, Value, from_redis_value};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::entry::{Content, LONGEST, Lease, Place, Taken};
use super::key::{Group, Outdated};
use super::pattern::Pattern;
use super::store::{Filling, Trouble};
use connections::Connections;
use scripts::Scripts;
pub(super) use speed::SLOW;
use speed::Speed;
use trouble::trouble;

/// Questions that Redis is asked at the same time.
const AT_ONCE: usize = 64;
/// Keys that are looked at, or forgotten, with one command.
const BATCH: usize = 500;

/// Connections to one run of a Redis server. What fails is closed for good and opened anew.
pub(super) struct Redis {
    connections: Connections,
    namespace: Arc<str>,
    scripts: Scripts,
    speed: Speed,
    turns: Semaphore,
    is_closed: AtomicBool,
    closing: Notify,
}

impl Redis {
    /// The texts at these places, as far as their groups list them. No more of each is read than a value may be long: what
    /// somebody else put there must not hold up all who wait for an answer.
    pub async fn get(&self, places: &[&Place]) -> Result<Vec<Content>, Trouble> {
        let mut pipe = redis::pipe();
        for place in places {
            pipe.cmd("GETRANGE").arg(self.key(&place.key)).arg(0).arg(LONGEST);
        }
        for place in places {
            if let Some(group) = &place.group {
                pipe.cmd("ZSCORE").arg(self.index(group)).arg(self.key(&place.key));
            }
        }
        pipe.ignore_errors();
        let answers: Result<Vec<Result<Value, RedisError>>, RedisError> =
            pipe.query_async(&mut self.connection().await?).await;
        let mut answers = answers.map_err(|error| trouble(&error))?.into_iter();
        let texts = answers.by_ref().take(places.len());
        let mut contents = texts.map(content).collect::<Result<Vec<Content>, Trouble>>()?;
        contents.resize(places.len(), Content::Nothing);
        for (content, place) in contents.iter_mut().zip(places) {
            if place.group.is_some() && !is_listed(answers.next())? {
                *content = Content::Nothing;
            }
        }
        Ok(contents)
    }

    pub async fn take(&self, place: &Place) -> Result<Taken, Trouble> {
        let lease = Lease::new();
        let mut script = self.scripts.take.prepare_invoke();
        self.name(&mut script, place);
        script.arg(lease.bytes()).arg(millis(super::entry::LEASE)).arg(LONGEST);
        let before: Option<Vec<u8>> = self.run(&script).await?;
        Ok(Taken::instead_of(Content::read(before), lease))
    }

    pub async fn fill(&self, Filling { place, lease, bytes, ttl }: &Filling<'_>) -> Result<bool, Trouble> {
        let mut script = self.scripts.fill.prepare_invoke();
        self.name(&mut script, place);
        script.arg(lease.bytes()).arg(bytes.as_ref()).arg(millis(*ttl));
        self.run(&script).await
    }

    pub async fn release(&self, place: &Place, lease: &Lease) -> Result<(), Trouble> {
        let mut script = self.scripts.release.prepare_invoke();
        script.key(self.key(&place.key)).arg(lease.bytes());
        self.run::<u8>(&script).await.map(drop)
    }

    pub async fn set(&self, place: &Place, bytes: &[u8], ttl: Duration) -> Result<(), Trouble> {
        let mut script = self.scripts.set.prepare_invoke();
        self.name(&mut script, place);
        script.arg(bytes).arg(millis(ttl));
        self.run::<u8>(&script).await.map(drop)
    }

    pub async fn forget(&self, outdated: &[&Outdated]) -> Result<(), Trouble> {
        let mut keys = Vec::new();
        for outdated in outdated {
            match outdated {
                Outdated::Key(key) => keys.push(self.key(key)),
                Outdated::Group(group) => {
                    let mut script = self.scripts.forget_group.prepare_invoke();
                    script.key(self.index(group));
                    self.run::<u8>(&script).await?;
                }
            }
        }
        self.unlink(&keys).await.map(drop)
    }

    /// Forgets every key that fits the pattern; answers how many.
    pub async fn forget_pattern(&self, pattern: &Pattern) -> Result<u64, Trouble> {
        let (glob, mut cursor, mut forgotten) = (pattern.glob(&self.namespace), 0_u64, 0);
        loop {
            let mut connection = self.connection().await?;
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&glob).arg("COUNT").arg(BATCH);
            let answer: Result<(u64, Vec<Vec<u8>>), RedisError> = scan.query_async(&mut connection).await;
            let (next, keys) = answer.map_err(|error| trouble(&error))?;
            forgotten += self.unlink(&keys).await?;
            if next == 0 {
                return Ok(forgotten);
            }
            cursor = next;
        }
    }

    async fn unlink<K: redis::ToRedisArgs>(&self, keys: &[K]) -> Result<u64, Trouble> {
        let mut unlinked = 0;
        for keys in keys.chunks(BATCH) {
            let answer: Result<u64, RedisError> =
                redis::cmd("UNLINK").arg(keys).query_async(&mut self.connection().await?).await;
            unlinked += answer.map_err(|error| trouble(&error))?;
        }
        Ok(unlinked)
    }

    /// Asks it whether it is there.
    pub async fn ping(&self) -> Result<(), Trouble> {
        let answer: Result<String, RedisError> = redis::cmd("PING").query_async(&mut self.connection().await?).await;
        answer.map(drop).map_err(|error| trouble(&error))
    }

    async fn run<T: redis::FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Trouble> {
        script.invoke_async(&mut self.connection().await?).await.map_err(|error| trouble(&error))
    }

    async fn connection(&self) -> Result<MultiplexedConnection, Trouble> {
        self.connections.get().await
    }

    /// Waits for a turn, so that a crowd of readers does not make each of them late. `None` when the store was closed.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Closes the store for good and frees everybody who waits for it. `false` when it was closed.
    pub fn close(&self) -> bool {
        let first = !self.is_closed.swap(true, Ordering::SeqCst);
        self.turns.close();
        self.closing.notify_waiters();
        first
    }

    pub async fn closed(&self) {
        let closing = self.closing.notified();
        tokio::pin!(closing);
        closing.as_mut().enable();
        if !self.is_closed.load(Ordering::SeqCst) {
            closing.await;
        }
    }

    pub fn has_become_slow(&self, latency: Duration) -> bool {
        self.speed.note(latency)
    }

    /// How many threads have a connection of their own.
    #[cfg(test)]
    pub fn own_connections(&self) -> usize {
        self.connections.own()
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.namespace)
    }

    fn index(&self, group: &Group) -> String {
        format!("{}index:{}", self.namespace, group.name())
    }

    fn name(&self, script: &mut ScriptInvocation<'_>, place: &Place) {
        script.key(self.key(&place.key));
        if let Some(group) = &place.group {
            script.key(self.index(group));
        }
    }
}

/// What stands at a key. A key of another type holds no value.
fn content(text: Result<Value, RedisError>) -> Result<Content, Trouble> {
    match text {
        Ok(text) => {
            let text: Vec<u8> = from_redis_value(text).map_err(|error| Trouble::Broken(error.to_string()))?;
            Ok(Content::read(Some(text).filter(|text| !text.is_empty())))
        }
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(Content::Nothing),
        Err(error) => Err(trouble(&error)),
    }
}

/// What the index says of a key. An index of another type lists nothing.
fn is_listed(score: Option<Result<Value, RedisError>>) -> Result<bool, Trouble> {
    match score {
        None | Some(Ok(Value::Nil)) => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) if error.code() == Some("WRONGTYPE") => Ok(false),
        Some(Err(error)) => Err(trouble(&error)),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
