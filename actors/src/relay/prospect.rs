//! What there is to claim, as far as it is known without asking.

use crate::database::Plans;

/// So many are a pile: a plan that was made when nearly nothing waited is none for them.
const PILE: usize = super::courier::CLAIM;

/// What the next claim may find.
#[derive(Debug)]
pub(super) struct Prospect {
    /// Something, perhaps.
    some: bool,
    /// A pile, perhaps.
    pile: bool,
    last: Claim,
}

/// The claim that was made last.
#[derive(Debug)]
struct Claim {
    /// For how many there was room.
    asked: usize,
    /// Whether it expected a pile.
    pile: bool,
    /// Whether others were on their way, behind which something may have stood that it had to leave.
    beside: bool,
}

impl Prospect {
    /// Nothing is known: there may be a pile.
    pub fn unknown() -> Self {
        Self { some: true, pile: true, last: Claim { asked: 0, pile: true, beside: false } }
    }

    /// Whether to claim.
    pub fn is_some(&self) -> bool {
        self.some
    }

    /// A few have come.
    pub fn come(&mut self) {
        self.some = true;
    }

    /// There is something, and nobody knows how much.
    pub fn seen(&mut self) {
        (self.some, self.pile) = (true, true);
    }

    /// A claim begins for as many as there is room for, `beside` others that are on their way; `appended` have come since the
    /// last one began. Answers with which plans.
    pub fn claim(&mut self, room: usize, beside: bool, appended: usize) -> Plans {
        let pile = self.pile || appended >= PILE;
        *self = Self { some: false, pile: false, last: Claim { asked: room, pile, beside } };
        if pile { Plans::Fresh } else { Plans::Kept }
    }

    /// The claim ended with so many. As many as there was room for may have left more behind; fewer were all.
    pub fn claimed(&mut self, count: usize) {
        self.some |= count >= self.last.asked;
        self.pile |= count >= PILE;
    }

    /// The claim failed, and taught nothing.
    pub fn failed(&mut self) {
        self.pile |= self.last.pile;
    }

    /// Some left the outbox, or were put back into it: what stood behind them can be claimed now.
    pub fn settled(&mut self, put_back: bool) {
        self.some |= self.last.beside || put_back;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a first claim that found nothing.
    fn calm() -> Prospect {
        let mut prospect = Prospect::unknown();
        assert_eq!(prospect.claim(2_000, false, 0), Plans::Fresh);
        prospect.claimed(0);
        assert!(!prospect.is_some());
        prospect
    }

    #[test]
    fn a_few_are_claimed_with_the_plans_at_hand() {
        let mut prospect = calm();
        prospect.come();
        assert!(prospect.is_some());
        assert_eq!(prospect.claim(2_000, false, 3), Plans::Kept);
        prospect.claimed(3);
        prospect.settled(false);
        assert!(!prospect.is_some());
    }

    #[test]
    fn a_pile_that_was_seen_or_appended_gets_fresh_plans_once() {
        let mut prospect = calm();
        prospect.seen();
        assert_eq!(prospect.claim(2_000, false, 0), Plans::Fresh);
        prospect.claimed(PILE - 1);
        prospect.come();
        assert_eq!(prospect.claim(2_000, false, PILE), Plans::Fresh);
        prospect.claimed(PILE - 1);
        assert_eq!(prospect.claim(2_000, false, 0), Plans::Kept);
    }

    #[test]
    fn a_claim_that_was_filled_is_followed_by_another() {
        let mut prospect = calm();
        prospect.come();
        prospect.claim(1_000, false, 0);
        prospect.claimed(1_000);
        assert!(prospect.is_some());
        assert_eq!(prospect.claim(1_000, true, 0), Plans::Fresh);
    }

    #[test]
    fn a_claim_that_failed_has_taught_nothing() {
        let mut prospect = calm();
        prospect.seen();
        prospect.claim(2_000, false, 0);
        prospect.failed();
        assert_eq!(prospect.claim(2_000, false, 0), Plans::Fresh);
    }

    #[test]
    fn what_stood_behind_others_is_claimed_when_they_are_gone() {
        let mut prospect = calm();
        prospect.claim(1_000, true, 0);
        prospect.claimed(0);
        assert!(!prospect.is_some());
        prospect.settled(false);
        assert!(prospect.is_some());
        let mut alone = calm();
        alone.settled(true);
        assert!(alone.is_some());
    }
}
