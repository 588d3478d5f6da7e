//! How long the cache may take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::PATIENCE;
use super::store::{Store, Trouble};

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
        let began = Instant::now();
        if let Store::InProcess(_) = store.as_ref() {
            return (Some(answer.await), began.elapsed());
        }
        let answer = tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = store.closed() => Some(Err(Trouble::Broken("it was closed".to_owned()))),
            () = tokio::time::sleep(self.left) => None,
        };
        let latency = began.elapsed();
        self.left = self.left.saturating_sub(latency);
        (answer, latency)
    }
}
