//! How long the cache may take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::PATIENCE;
use super::redis::{Redis, SLOW};
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

/// What came of asking the store.
#[derive(Debug)]
pub(super) struct Spent<R> {
    /// `None` when there was no answer in time.
    pub answer: Option<Result<R, Trouble>>,
    /// How long it took.
    pub latency: Duration,
    /// Whether that was the store's doing, and not this process's, which was too busy to see the answer come.
    pub is_known: bool,
}

impl Budget {
    pub fn new() -> Self {
        Self { left: PATIENCE }
    }

    /// Waits for an answer as long as the budget lasts and the store is not closed.
    pub async fn spend<R>(&mut self, store: &Arc<Store>, answer: impl Future<Output = Result<R, Trouble>>) -> Spent<R> {
        let redis = match store.as_ref() {
            Store::Redis(redis) => redis,
            Store::InProcess(_) => {
                let began = Instant::now();
                return Spent { answer: Some(answer.await), latency: began.elapsed(), is_known: true };
            }
        };
        let turn = redis.turn().await;
        let began = Instant::now();
        let (answer, was_awake) = match turn {
            Some(_) => self.wait(redis, answer, began).await,
            None => (Some(Err(closed())), false),
        };
        let latency = began.elapsed();
        self.left = self.left.saturating_sub(latency);
        Spent { answer, latency, is_known: was_awake || latency <= SLOW }
    }

    /// Also tells whether somebody was awake to see that the answer was slow. Who was busy until after the answer came knows
    /// nothing of when it came.
    async fn wait<R>(
        &self,
        redis: &Redis,
        answer: impl Future<Output = Result<R, Trouble>>,
        began: Instant,
    ) -> (Option<Result<R, Trouble>>, bool) {
        tokio::pin!(answer);
        let mut was_awake = false;
        for limit in [self.left.min(SLOW), self.left] {
            tokio::select! {
                biased;
                answer = &mut answer => return (Some(answer), was_awake),
                () = redis.closed() => return (Some(Err(closed())), was_awake),
                () = tokio::time::sleep(limit.saturating_sub(began.elapsed())) => {}
            }
            was_awake = began.elapsed() < limit + LATE;
        }
        if was_awake {
            return (None, true);
        }
        (tokio::time::timeout(GRACE, answer).await.ok(), false)
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
