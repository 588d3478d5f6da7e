//! The cache as a whole, on each store. Redis is the server that `BOOKLY_TEST_REDIS_URL` names.

mod connecting;
mod epochs;
mod laws;
mod race;
mod redis_server;
mod unfit;

use std::time::Duration;

use super::*;
use crate::clock::Ids;
use crate::database::scratch::{settle, skip, variable};
use crate::supervision::{Running, child, supervisor};

/// Values that tests keep.
static NUMBERS: Family = Family::new("number", Duration::from_secs(60));

fn group() -> Group {
    Group::named("number:all")
}

/// Where a test keeps its values.
#[derive(Debug, Clone)]
enum Setting {
    InProcess,
    Redis { url: String, namespace: String },
}

impl Setting {
    fn redis() -> Option<Self> {
        let Some(url) = variable("BOOKLY_TEST_REDIS_URL") else {
            skip("tests on Redis: BOOKLY_TEST_REDIS_URL names no server; `cargo xtask test` starts one");
            return None;
        };
        Some(Self::Redis { url, namespace: format!("test:{}", Ids.next().simple()) })
    }

    fn client(&self) -> CacheClient {
        match self {
            Self::InProcess => CacheClient::in_process(),
            Self::Redis { url, namespace } => CacheClient::redis(url.clone(), namespace, "one"),
        }
    }

    /// Two clients as two processes have them, or the only process twice.
    async fn two(&self) -> (Process, Process) {
        let first = Process::start(self.client()).await;
        let second = match self {
            Self::InProcess => Process { client: first.client.clone(), tree: None },
            Self::Redis { .. } => Process::start(self.client()).await,
        };
        (first, second)
    }
}

/// A client and the actor that owns its cache.
struct Process {
    client: CacheClient,
    tree: Option<Running>,
}

impl Process {
    async fn start(client: CacheClient) -> Self {
        let copy = client.clone();
        let (_, spec) = child("cache", move |life| Ok(Cache::new(copy.clone(), None, life.clone()))).build();
        let tree = supervisor("root").child(spec).start();
        let process = Self { client, tree: Some(tree) };
        process.until_available().await;
        process
    }

    async fn until_available(&self) {
        let available = async {
            while !self.client.statistics().available {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), available).await;
        waited.unwrap_or_else(|_| panic!("the cache does not open: {:?}", self.client.statistics()));
    }

    async fn stop(self) {
        if let Some(tree) = self.tree {
            tree.stop().await;
        }
    }
}

/// Runs a law in each setting that is to be had, as one test a setting.
macro_rules! in_each_setting {
    ($($law:ident),* $(,)?) => {
        mod in_process {
            $(#[actix_rt::test]
            async fn $law() {
                super::$law($crate::cache::tests::Setting::InProcess).await;
            })*
        }

        mod redis {
            $(#[actix_rt::test]
            async fn $law() {
                if let Some(setting) = $crate::cache::tests::Setting::redis() {
                    super::$law(setting).await;
                }
            })*
        }
    };
}
use in_each_setting;
