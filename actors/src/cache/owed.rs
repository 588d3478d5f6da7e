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

    fn len(&self) -> u64 {
        self.outdated.len() as u64 + u64::from(self.everything)
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
    books: Mutex<Books>,
    left: Notify,
    paid: Notify,
}

#[derive(Debug, Default)]
struct Books {
    debt: Debt,
    /// How much of it somebody is paying.
    in_hand: u64,
}

/// A part of the debt that somebody is paying. Whoever goes away without having paid leaves it owed.
#[derive(Debug)]
pub(super) struct Payment<'a> {
    owed: &'a Owed,
    debt: Debt,
    in_hand: u64,
}

impl Payment<'_> {
    /// What is to be forgotten.
    pub fn debt(&self) -> &Debt {
        &self.debt
    }

    /// It is forgotten.
    pub fn done(mut self) {
        std::mem::take(&mut self.debt).settle();
    }
}

impl Drop for Payment<'_> {
    fn drop(&mut self) {
        let mut books = self.owed.lock();
        books.in_hand -= self.in_hand;
        let is_left = !self.debt.is_empty();
        books.debt.absorb(std::mem::take(&mut self.debt));
        drop(books);
        if is_left {
            self.owed.left.notify_one();
        }
        self.owed.paid.notify_waiters();
    }
}

impl Owed {
    /// Adds what must be forgotten. If the cache `is_read`, the receiver is told when it was, or when the cache is read no
    /// longer; if not, nobody needs to wait. Whoever adds pays, or says with [`Owed::leave`] that somebody else must.
    pub fn add(
        &self,
        outdated: impl IntoIterator<Item = Outdated>,
        is_read: impl FnOnce() -> bool,
    ) -> Option<oneshot::Receiver<()>> {
        let mut books = self.lock();
        let (waiting, receiver) = if is_read() {
            let (sender, receiver) = oneshot::channel();
            (vec![sender], Some(receiver))
        } else {
            (Vec::new(), None)
        };
        books.debt.absorb(Debt { outdated: outdated.into_iter().collect(), everything: false, waiting });
        receiver
    }

    /// Lets the cache be read, by `open`, unless something is owed. What is added from then on is waited for.
    pub fn open_if_paid(&self, open: impl FnOnce()) -> bool {
        let books = self.lock();
        let paid = books.debt.is_empty() && books.in_hand == 0;
        if paid {
            open();
        }
        paid
    }

    /// From now on everything must be forgotten.
    pub fn add_everything(&self) {
        self.lock().debt.absorb(Debt { everything: true, ..Debt::default() });
        self.leave();
    }

    /// Takes what is owed, to pay it.
    pub fn take(&self) -> Payment<'_> {
        let mut books = self.lock();
        let debt = std::mem::take(&mut books.debt);
        let in_hand = debt.len();
        books.in_hand += in_hand;
        Payment { owed: self, debt, in_hand }
    }

    /// What is owed is left to the owner of the cache.
    pub fn leave(&self) {
        self.left.notify_one();
    }

    /// Waits until something may have been left.
    pub async fn left(&self) {
        self.left.notified().await;
    }

    /// Waits until nobody is paying.
    pub async fn nobody_pays(&self) {
        loop {
            let paid = self.paid.notified();
            tokio::pin!(paid);
            paid.as_mut().enable();
            if self.lock().in_hand == 0 {
                return;
            }
            paid.await;
        }
    }

    /// How much is owed.
    pub fn len(&self) -> u64 {
        let books = self.lock();
        books.debt.len() + books.in_hand
    }

    /// Nobody is to wait any longer: the cache is not read until the debt is paid.
    pub fn settle(&self) {
        self.lock().debt.settle();
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn key(number: usize) -> Outdated {
        Outdated::Key(number.to_string())
    }

    #[test]
    fn what_is_not_paid_stays_owed() {
        let owed = Owed::default();
        let mut first = owed.add([key(1)], || true).expect("to be waited for");
        let payment = owed.take();
        assert!(owed.take().debt().is_empty());
        assert!(owed.add([key(2)], || false).is_none());
        assert_eq!(owed.len(), 2);
        drop(payment);
        let payment = owed.take();
        assert_eq!(payment.debt().outdated, BTreeSet::from([key(1), key(2)]));
        assert!(first.try_recv().is_err());
        payment.done();
        assert!(first.try_recv().is_ok());
        assert_eq!(owed.len(), 0);
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_debt_to_the_owner() {
        let owed = Owed::default();
        drop(owed.add([key(1)], || false));
        owed.take().done();
        assert!(owed.left().now_or_never().is_none(), "nothing is left");
        drop(owed.add([key(2)], || false));
        drop(owed.take());
        owed.left().await;
        assert_eq!(owed.len(), 1);
    }

    #[test]
    fn a_debt_that_grows_too_large_is_everything() {
        let owed = Owed::default();
        drop(owed.add((0..=MOST).map(key), || false));
        let payment = owed.take();
        assert!(payment.debt().everything && payment.debt().outdated.is_empty());
    }

    #[tokio::test]
    async fn a_cache_is_not_opened_before_its_debt_is_paid() {
        let owed = Owed::default();
        drop(owed.add([key(1)], || false));
        assert!(!owed.open_if_paid(|| panic!("opened")));
        let payment = owed.take();
        assert!(!owed.open_if_paid(|| panic!("opened while somebody pays")));
        assert!(owed.nobody_pays().now_or_never().is_none());
        let (_, ()) = tokio::join!(owed.nobody_pays(), async { payment.done() });
        let mut opened = false;
        assert!(owed.open_if_paid(|| opened = true) && opened);
    }
}
