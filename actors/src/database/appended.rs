//! What tells the relay that there is something to publish.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Told after each commit that appended events.
#[derive(Debug, Default)]
pub struct Appended {
    notify: Notify,
    count: AtomicUsize,
}

impl Appended {
    /// So many more are committed.
    pub(super) fn tell(&self, count: usize) {
        if count > 0 {
            self.count.fetch_add(count, Ordering::Relaxed);
            self.notify.notify_one();
        }
    }

    /// Waits until some were since this was last answered. Cancel safe.
    pub async fn notified(&self) {
        self.notify.notified().await;
    }

    /// How many were since this was last asked.
    pub fn take(&self) -> usize {
        self.count.swap(0, Ordering::Relaxed)
    }
}
