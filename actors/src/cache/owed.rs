//! What must be forgotten and has not been: the debt to Redis, which is paid before Redis is read again.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::key::Outdated;

/// More than this is not remembered key by key: everything is forgotten instead.
const MOST: usize = 10_000;

/// A debt.
#[derive(Debug, Default)]
pub(super) struct Debt {
    /// What must be forgotten.
    pub outdated: BTreeSet<Outdated>,
    /// Everything must be forgotten.
    pub everything: bool,
    /// Who waits for it.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Debt {
    pub fn is_empty(&self) -> bool {
        self.outdated.is_empty() && !self.everything
    }

    fn absorb(&mut self, other: Self) {
        self.outdated.extend(other.outdated);
        self.everything |= other.everything;
        self.waiting.extend(other.waiting);
        if self.outdated.len() > MOST {
            self.everything = true;
        }
        if self.everything {
            self.outdated.clear();
        }
    }

    /// Tells those who wait that it is done, or that nobody reads the cache until it is.
    pub fn settle(&mut self) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(());
        }
    }
}

/// The debts of this process.
#[derive(Debug, Default)]
pub(super) struct Owed {
    debt: Mutex<Debt>,
    added: Notify,
}

impl Owed {
    /// Adds what must be forgotten. If the cache `is_read`, the receiver is told when it was, or when the cache is read no
    /// longer; if not, nobody needs to wait.
    pub fn add(
        &self,
        outdated: impl IntoIterator<Item = Outdated>,
        is_read: impl FnOnce() -> bool,
    ) -> Option<oneshot::Receiver<()>> {
        let mut debt = self.lock();
        let (waiting, receiver) = if is_read() {
            let (sender, receiver) = oneshot::channel();
            (vec![sender], Some(receiver))
        } else {
            (Vec::new(), None)
        };
        debt.absorb(Debt { outdated: outdated.into_iter().collect(), everything: false, waiting });
        drop(debt);
        self.added.notify_one();
        receiver
    }

    /// Lets the cache be read, by `open`, unless something is owed. What is added from then on is waited for.
    pub fn open_if_paid(&self, open: impl FnOnce()) -> bool {
        let debt = self.lock();
        let paid = debt.is_empty();
        if paid {
            open();
        }
        paid
    }

    /// From now on everything must be forgotten.
    pub fn add_everything(&self) {
        self.put_back(Debt { everything: true, ..Debt::default() });
    }

    /// Takes the debt, to pay it or to put it back.
    pub fn take(&self) -> Debt {
        std::mem::take(&mut *self.lock())
    }

    /// What could not be paid stays owed.
    pub fn put_back(&self, debt: Debt) {
        self.lock().absorb(debt);
        self.added.notify_one();
    }

    /// Waits until something may be owed.
    pub async fn added(&self) {
        self.added.notified().await;
    }

    /// How much is owed.
    pub fn len(&self) -> u64 {
        let debt = self.lock();
        debt.outdated.len() as u64 + u64::from(debt.everything)
    }

    /// Nobody is to wait any longer: the cache is not read until the debt is paid.
    pub fn settle(&self) {
        self.lock().settle();
    }

    fn lock(&self) -> MutexGuard<'_, Debt> {
        self.debt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Outdated {
        Outdated::Key(number.to_string())
    }

    #[test]
    fn what_is_not_paid_stays_owed() {
        let owed = Owed::default();
        let mut first = owed.add([key(1)], || true).expect("to be waited for");
        let debt = owed.take();
        assert!(owed.take().is_empty());
        assert!(owed.add([key(2)], || false).is_none());
        owed.put_back(debt);
        let mut debt = owed.take();
        assert_eq!(debt.outdated, BTreeSet::from([key(1), key(2)]));
        assert!(first.try_recv().is_err());
        debt.settle();
        assert!(first.try_recv().is_ok());
    }

    #[test]
    fn a_debt_that_grows_too_large_is_everything() {
        let owed = Owed::default();
        drop(owed.add((0..=MOST).map(key), || false));
        let debt = owed.take();
        assert!(debt.everything && debt.outdated.is_empty());
    }

    #[test]
    fn a_cache_is_not_opened_before_its_debt_is_paid() {
        let owed = Owed::default();
        drop(owed.add([key(1)], || false));
        assert!(!owed.open_if_paid(|| panic!("opened")));
        drop(owed.take());
        let mut opened = false;
        assert!(owed.open_if_paid(|| opened = true) && opened);
    }
}
