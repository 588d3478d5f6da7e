//! What a crowd was answered, and whether it was the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::listing::{all, text};
use crate::harness::Client;

/// A span of time of a room, half open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The room.
    pub room: String,
    /// From when.
    pub start: DateTime<Utc>,
    /// Until when.
    pub end: DateTime<Utc>,
}

impl Claim {
    fn of(reservation: &Value) -> Self {
        let instant = |field| text(reservation, field).parse().expect("an instant");
        Self { room: text(reservation, "resourceId"), start: instant("startTime"), end: instant("endTime") }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.room == other.room && self.start < other.end && other.start < self.end
    }
}

/// What a crowd was answered.
#[derive(Debug, Default)]
pub struct Book {
    /// What was answered with 201, by identifier.
    pub granted: BTreeMap<String, Claim>,
    /// What was answered with 409.
    pub refused: Vec<Claim>,
    /// Cancellations that were answered with 200.
    pub cancelled: BTreeSet<String>,
    /// Cancellations of which no answer came, or 503.
    pub unclear: BTreeSet<String>,
    /// Attempts of which no answer came.
    pub lost: usize,
    /// How often each status was answered to an attempt.
    pub statuses: BTreeMap<u16, usize>,
    /// How long each answer to an attempt took.
    pub waits: Vec<Duration>,
}

impl Book {
    /// Enters what another client was answered.
    pub fn merge(&mut self, other: Self) {
        self.granted.extend(other.granted);
        self.refused.extend(other.refused);
        self.cancelled.extend(other.cancelled);
        self.unclear.extend(other.unclear);
        self.lost += other.lost;
        self.waits.extend(other.waits);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }

    /// Compares the answers with what is stored. Gives the number of reservations, live or not.
    pub fn compare(&self, administrator: &Client) -> usize {
        let stored = all(administrator, "/reservations");
        let mut live: Vec<Claim> = stored.iter().filter(|one| one["status"] == "CONFIRMED").map(Claim::of).collect();
        live.sort();
        for pair in live.windows(2) {
            assert!(!pair[0].overlaps(&pair[1]), "two live reservations overlap: {pair:?}");
        }
        let stored: BTreeMap<String, &Value> = stored.iter().map(|one| (text(one, "id"), one)).collect();
        for (id, claim) in &self.granted {
            let reservation = stored.get(id).unwrap_or_else(|| panic!("{id} was answered with 201 and is gone"));
            assert_eq!(&Claim::of(reservation), claim);
            let called_off = reservation["status"] == "CANCELLED";
            assert!(called_off == self.cancelled.contains(id) || self.unclear.contains(id), "{reservation}");
        }
        let unanswered = stored.len() - self.granted.len();
        assert!(unanswered <= self.lost, "{unanswered} reservations that nobody was answered, {} lost", self.lost);
        let won: Vec<Claim> = stored.values().map(|one| Claim::of(one)).collect();
        self.every_contest_has_a_winner(&won);
        stored.len()
    }

    fn every_contest_has_a_winner(&self, won: &[Claim]) {
        for refused in &self.refused {
            assert!(won.iter().any(|one| one.overlaps(refused)), "refused, and nobody won: {refused:?}");
        }
    }

    /// The worst wait for an answer.
    pub fn worst(&self) -> Duration {
        self.waits.iter().copied().max().unwrap_or_default()
    }

    /// The statuses and the waits, for people.
    pub fn tell(&mut self, what: &str) {
        self.waits.sort_unstable();
        let p99 = self.waits.get(self.waits.len() * 99 / 100).copied().unwrap_or_default();
        let (statuses, worst) = (&self.statuses, self.worst());
        let cancelled = self.cancelled.len();
        println!("{what}: {statuses:?}, {cancelled} cancelled, {} lost, p99 {p99:?}, worst {worst:?}", self.lost);
    }
}
