//! How long the cache may take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::PATIENCE;
use super::redis::Redis;
use super::store::{Store, Trouble};

/// A process that wakes up later than this was itself too busy to read the answer: it does not blame Redis for it.
const LATE: Duration = Duration::from_millis(5);
/// How long it then goes on waiting.
const GRACE: Duration = Duration::from_millis(50);

/// What is left of the time that one reader grants the cache, all its questions together.
#[derive(Debug)]
pub(super) struct Budget {
    left: Duration,
}

impl Budget {
    pub fn new() -> Self {
        Self { left: PATIENCE }
    }

    /// Waits for an answer as long as the budget lasts and the store is not closed; `None` when there was none.
    pub async fn spend<R>(
        &mut self,
        store: &Arc<Store>,
        answer: impl Future<Output = Result<R, Trouble>>,
    ) -> (Option<Result<R, Trouble>>, Duration) {
        let redis = match store.as_ref() {
            Store::Redis(redis) => redis,
            Store::InProcess(_) => {
                let began = Instant::now();
                return (Some(answer.await), began.elapsed());
            }
        };
        let turn = redis.turn().await;
        let began = Instant::now();
        let answer = match turn {
            Some(_) => self.wait(redis, answer).await,
            None => Some(Err(closed())),
        };
        let latency = began.elapsed();
        self.left = self.left.saturating_sub(latency);
        (answer, latency)
    }

    async fn wait<R>(
        &self,
        redis: &Redis,
        answer: impl Future<Output = Result<R, Trouble>>,
    ) -> Option<Result<R, Trouble>> {
        tokio::select! {
            biased;
            answer = within(self.left, answer) => answer,
            () = redis.closed() => Some(Err(closed())),
        }
    }
}

/// Waits for an answer for so long, and a little longer if this process itself woke up late.
pub(super) async fn within<R>(limit: Duration, answer: impl Future<Output = R>) -> Option<R> {
    let began = Instant::now();
    tokio::pin!(answer);
    if let Ok(answer) = tokio::time::timeout(limit, &mut answer).await {
        return Some(answer);
    }
    if began.elapsed() < limit + LATE {
        return None;
    }
    tokio::time::timeout(GRACE, answer).await.ok()
}

fn closed() -> Trouble {
    Trouble::Broken("it was closed".to_owned())
}
