//! The kill switch: while the database is away nothing is taken in, and no event is blamed for it.

use std::time::Duration;

use tokio::sync::watch;

use crate::database::{Database, Error};

/// The first pause before the database is asked again, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Counts who waits for the database.
#[derive(Debug, Default)]
pub struct Breaker {
    waiting: watch::Sender<usize>,
}

/// One who waits; the switch closes again when the last one is gone, however that happens.
pub(crate) struct Waiting<'a>(&'a Breaker);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl Breaker {
    /// Whether somebody waits for the database.
    pub fn is_open(&self) -> bool {
        *self.waiting.borrow() > 0
    }

    /// Waits until nobody waits for the database.
    pub async fn closed(&self) {
        // It cannot fail: its sender lives as long as `self`.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
    }

    /// Waits for the database; [`Breaker::wait_for`] does so until it answers.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(self)
    }

    /// Waits until the database answers; `false` when it did at once, so that whatever failed has another cause.
    pub(super) async fn wait_for(&self, database: &Database) -> bool {
        if answers(database).await {
            return false;
        }
        let _waiting = self.wait();
        let mut ceiling = PAUSE.0;
        loop {
            tokio::time::sleep(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            if answers(database).await {
                return true;
            }
            ceiling = (ceiling * 2).min(PAUSE.1);
        }
    }
}

async fn answers(database: &Database) -> bool {
    let asked: Result<(), Error> = database
        .read(|connection| {
            diesel::connection::SimpleConnection::batch_execute(connection, "SELECT 1").map_err(Error::from)
        })
        .await;
    asked.is_ok()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn it_is_closed_when_the_last_one_is_gone() {
        let breaker = Breaker::default();
        assert_eq!((breaker.is_open(), breaker.closed().now_or_never()), (false, Some(())));
        let (first, second) = (breaker.wait(), breaker.wait());
        let mut closed = Box::pin(breaker.closed());
        drop(first);
        assert_eq!((breaker.is_open(), (&mut closed).now_or_never()), (true, None));
        drop(second);
        assert_eq!((breaker.is_open(), closed.now_or_never()), (false, Some(())));
    }
}
