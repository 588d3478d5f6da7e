//! The kill switch: while the database is away nothing is taken in, and no event is blamed for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::database::{Database, Error};

/// The first pause before the database is asked again, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Counts who waits for the database.
#[derive(Debug, Default)]
pub struct Breaker {
    waiting: AtomicUsize,
}

/// One who waits; the switch closes again when the last one is gone, however that happens.
struct Waiting<'a>(&'a Breaker);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Breaker {
    /// Whether somebody waits for the database.
    pub fn is_open(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Waits until the database answers; `false` when it did at once, so that whatever failed has another cause.
    pub(super) async fn wait_for(&self, database: &Database) -> bool {
        if answers(database).await {
            return false;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(self);
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
