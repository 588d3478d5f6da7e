//! How writers have the cache forget.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::access::within;
use super::client::{CacheClient, Kind, PATIENCE};
use super::key::Outdated;
use super::pattern::Pattern;
use super::store::Store;

impl CacheClient {
    /// Forgets what is outdated; resolves when nobody who reads here can get it any more, after at most 50 ms.
    pub fn forget(&self, outdated: Vec<Outdated>) -> BoxFuture<'static, ()> {
        if outdated.is_empty() {
            return futures_util::future::ready(()).boxed();
        }
        for outdated in &outdated {
            self.0.meters.forgotten(outdated.name());
        }
        self.0.flights.close(&outdated);
        match &self.0.kind {
            Kind::Off(_) => {}
            Kind::InProcess => {
                if let Some(store) = self.store()
                    && let Store::InProcess(store) = store.as_ref()
                {
                    outdated.iter().for_each(|outdated| store.forget(outdated));
                }
            }
            Kind::Redis { .. } => return self.owe(outdated),
        }
        futures_util::future::ready(()).boxed()
    }

    fn owe(&self, outdated: Vec<Outdated>) -> BoxFuture<'static, ()> {
        let Some(paid) = self.0.owed.add(outdated, || self.store().is_some()) else {
            return futures_util::future::ready(()).boxed();
        };
        let (client, store) = (self.clone(), self.store());
        async move {
            if within(PATIENCE, paid).await.is_none()
                && let Some(store) = store
            {
                client.fail(&store, "forgetting a key took longer than 50 ms".to_owned());
            }
        }
        .boxed()
    }

    /// Forgets every key that fits `pattern`, in the store itself; answers how many.
    ///
    /// # Errors
    /// Why the store could not do it; then everything is forgotten before it is read again.
    pub async fn forget_pattern(&self, pattern: &Pattern) -> Result<u64, String> {
        self.0.flights.close_all();
        let Some(store) = self.store() else {
            self.0.owed.add_everything();
            return match &self.0.kind {
                Kind::Off(why) => Err(why.clone()),
                _ => {
                    Err("the cache is not available; everything in it is forgotten before it is read again".to_owned())
                }
            };
        };
        match store.forget_pattern(pattern).await {
            Ok(count) => Ok(count),
            Err(trouble) => {
                self.0.owed.add_everything();
                self.fail(&store, trouble.to_string());
                Err(trouble.to_string())
            }
        }
    }
}
