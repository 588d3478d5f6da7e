//! The actor that owns Redis: opens it, closes it when it fails, pays what is owed to it, and opens it again, for ever.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};

use super::client::{CacheClient, Kind, PATIENCE};
use super::key::Outdated;
use super::owed::Debt;
use super::pattern::Pattern;
use super::redis::Redis;
use super::statistics::Statistics;
use super::store::Store;
use crate::supervision::Life;

/// How often it looks whether Redis is there while nobody asks for anything.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The first and the longest pause before Redis is opened again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The actor that owns the cache.
pub struct Cache {
    client: CacheClient,
    life: Life,
}

impl Cache {
    /// The owner of what `client` reads. `marker` is a file that exists while something is owed, so that a process that
    /// died in debt pays when it comes back.
    pub fn new(client: CacheClient, marker: Option<PathBuf>, life: Life) -> Self {
        if let Some(marker) = marker {
            // The same in each life of this actor.
            let _ = client.0.marker.set(marker);
        }
        Self { client, life }
    }
}

impl Actor for Cache {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Kind::Redis { url, namespace, epoch } = self.client.0.kind.clone() else { return };
        let (client, life) = (self.client.clone(), self.life.clone());
        let caretaker = Caretaker { client, url, namespace, epoch, life };
        ctx.spawn(caretaker.run().into_actor(self));
    }
}

struct Caretaker {
    client: CacheClient,
    url: String,
    namespace: Arc<str>,
    epoch: Arc<str>,
    life: Life,
}

impl Caretaker {
    async fn run(self) {
        // What an earlier life of this actor left open is nobody's.
        if let Some(store) = self.client.store() {
            self.client.fail(&store, "its owner was restarted".to_owned());
        }
        if self.client.0.marker.get().is_some_and(|marker| marker.exists()) {
            self.client.0.owed.add_everything();
        }
        self.client.mark(true);
        loop {
            let store = self.open().await;
            self.life.degraded(false);
            self.life.note(format!("Redis is read, keys begin with {}", self.namespace));
            self.serve(&store).await;
            self.life.degraded(true);
        }
    }

    /// Opens Redis and pays what is owed to it, however often that has to be tried.
    async fn open(&self) -> Arc<Store> {
        let (mut pause, mut said) = (PAUSE_MIN, String::new());
        let redis = format!("Redis at {}", Redis::address(&self.url));
        loop {
            match self.try_to_open().await {
                Ok(store) => {
                    log::info!("Redis is read, keys begin with {}", self.namespace);
                    return store;
                }
                Err(trouble) => {
                    self.life.degraded(true);
                    self.life.note(format!("{redis} is not available, reads go to the database: {trouble}"));
                    if trouble != said {
                        log::warn!("{redis} cannot be opened, reads go to the database until it can: {trouble}");
                    }
                    said.clone_from(&trouble);
                    self.client.say(trouble);
                }
            }
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() * 0.5)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn try_to_open(&self) -> Result<Arc<Store>, String> {
        let redis =
            Redis::open(&self.url, &self.namespace, &self.epoch).await.map_err(|trouble| trouble.to_string())?;
        let store = Arc::new(Store::Redis(Box::new(redis)));
        // While it was paid, more may have come to be owed.
        while !self.client.open(&store) {
            self.pay(&store).await?;
        }
        Ok(store)
    }

    /// Pays what comes to be owed, until the store fails.
    async fn serve(&self, store: &Arc<Store>) {
        loop {
            tokio::select! {
                biased;
                () = store.closed() => return,
                () = self.client.0.owed.added() => {
                    if let Err(trouble) = self.pay(store).await {
                        self.client.fail(store, trouble);
                    }
                }
                () = tokio::time::sleep(LOOK_EVERY) => self.look(store).await,
            }
        }
    }

    async fn look(&self, store: &Arc<Store>) {
        let Store::Redis(redis) = store.as_ref() else { return };
        match tokio::time::timeout(PATIENCE * 10, redis.ping()).await {
            Ok(Ok(())) => {}
            Ok(Err(trouble)) => self.client.fail(store, trouble.to_string()),
            Err(_) => self.client.fail(store, "it does not answer".to_owned()),
        }
    }

    async fn pay(&self, store: &Arc<Store>) -> Result<(), String> {
        let mut debt = self.client.0.owed.take();
        let paid = match tokio::time::timeout(Duration::from_secs(5), pay(store, &debt)).await {
            Ok(paid) => paid,
            Err(_) => Err("forgetting took too long".to_owned()),
        };
        match paid {
            Ok(()) => debt.settle(),
            Err(_) => self.client.0.owed.put_back(debt),
        }
        paid
    }
}

async fn pay(store: &Store, debt: &Debt) -> Result<(), String> {
    let Store::Redis(redis) = store else { return Ok(()) };
    let paid = if debt.everything {
        redis.forget_everything().await
    } else {
        redis.forget(&debt.outdated.iter().collect::<Vec<&Outdated>>()).await
    };
    paid.map_err(|trouble| trouble.to_string())
}

/// Asks how well the cache works.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Statistics")]
pub struct GetStatistics;

/// Forgets every key that fits the pattern; answers how many.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<u64, String>")]
pub struct ForgetPattern(pub Pattern);

impl Handler<GetStatistics> for Cache {
    type Result = actix::MessageResult<GetStatistics>;

    fn handle(&mut self, _: GetStatistics, _: &mut Self::Context) -> Self::Result {
        actix::MessageResult(self.client.statistics())
    }
}

impl Handler<ForgetPattern> for Cache {
    type Result = ResponseFuture<Result<u64, String>>;

    fn handle(&mut self, ForgetPattern(pattern): ForgetPattern, _: &mut Self::Context) -> Self::Result {
        let client = self.client.clone();
        Box::pin(async move { client.forget_pattern(&pattern).await })
    }
}
