//! How writers have the cache forget.

use std::time::{Duration, Instant};

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
        let paid = self.0.owed.add(outdated, || self.store().is_some());
        let (Some(paid), Some(store)) = (paid, self.store()) else {
            return futures_util::future::ready(()).boxed();
        };
        let debtor = Debtor(Some(self.clone()));
        async move {
            let (client, began) = (debtor.pays(), Instant::now());
            // On this thread, which is awake: asking the owner of the cache to do it would wake another one, twice.
            if let Err(trouble) = client.pay(&store, PATIENCE).await {
                client.fail(&store, trouble);
            } else if within(PATIENCE.saturating_sub(began.elapsed()), paid).await.is_none() {
                // Somebody else has had it in hand for so long.
                client.fail(&store, too_long(PATIENCE));
            }
        }
        .boxed()
    }

    /// Pays whatever is owed to the store.
    ///
    /// # Errors
    /// Why it could not be paid within `limit`; then it is still owed.
    pub(super) async fn pay(&self, store: &Store, limit: Duration) -> Result<(), String> {
        let payment = self.0.owed.take();
        if payment.debt().is_empty() {
            return Ok(());
        }
        let paid = tokio::select! {
            biased;
            () = store.closed() => Err("it was closed".to_owned()),
            paid = within(limit, store.pay(payment.debt())) => match paid {
                Some(paid) => paid.map_err(|trouble| trouble.to_string()),
                None => Err(too_long(limit)),
            },
        };
        if paid.is_ok() {
            payment.done();
        }
        paid
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

fn too_long(limit: Duration) -> String {
    format!("forgetting a key took longer than {} ms", limit.as_millis())
}

/// Who owes. Whoever goes away before having tried to pay leaves that to the owner of the cache.
struct Debtor(Option<CacheClient>);

impl Debtor {
    fn pays(mut self) -> CacheClient {
        self.0.take().unwrap_or_else(|| unreachable!("a debtor pays once"))
    }
}

impl Drop for Debtor {
    fn drop(&mut self) {
        if let Some(client) = &self.0 {
            client.0.owed.leave();
        }
    }
}
