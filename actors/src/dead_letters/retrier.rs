//! The loop that tries letters again.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use amqp::retry::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Notify;
use uuid::Uuid;

use super::actor::InHand;
use super::model::{self, Next, State};
use super::parcel::Letter;
use super::replay::{Failure, Replay, Replayed};
use super::settle::{self, Failed};
use super::{bulk, claim, park, statistics};
use crate::clock::Clock;
use crate::database::{Database, Engine, Error};
use crate::supervision::Life;

/// Letters that are tried at once.
const AT_ONCE: usize = 32;
/// How often it looks without being woken.
const POLL: Duration = Duration::from_secs(15);
/// How often bulk retries go on.
const BULK_STEP: Duration = Duration::from_millis(50);
/// The least time between two looks: what is parked in a burst is found in one.
const BREATH: Duration = Duration::from_millis(20);
/// How often claims are renewed: well within [`claim::CLAIM`].
const RENEWAL: Duration = Duration::from_secs(10);
/// How long an attempt may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause after storage failed.
const STORAGE_PAUSE: Duration = Duration::from_millis(500);
/// The pause of a letter whose consumer is away.
const AWAY: TimeDelta = TimeDelta::seconds(2);

pub(super) struct Retrier {
    pub database: Database,
    pub clock: Clock,
    pub policies: Arc<Policies>,
    pub replay: Replay,
    pub wakeup: Arc<Notify>,
    pub in_hand: InHand,
    pub life: Life,
}

/// What there is to do.
struct Sight {
    /// Whether a bulk retry is under way.
    bulk: bool,
    /// When the next letter is due.
    due_at: Option<DateTime<Utc>>,
}

type Attempt = (Letter, Result<Replayed, Failure>);

impl Retrier {
    pub async fn run(self: Arc<Self>) {
        // On SQLite this is the only process, so every claim is one that an earlier life of it made.
        if self.database.engine() == Engine::Sqlite {
            let now = self.clock.now();
            self.until_stored(|database| async move { database.write(move |t| claim::end_all(t, now)).await }).await;
        }
        let mut attempts = FuturesUnordered::new();
        let mut renewed_at = Instant::now();
        loop {
            let looked_at = Instant::now();
            if renewed_at.elapsed() >= RENEWAL {
                self.renew().await;
                renewed_at = Instant::now();
            }
            let sight = self.look().await;
            let bulk = sight.bulk && self.advance_bulk_retries().await;
            let room = AT_ONCE.saturating_sub(attempts.len());
            for letter in self.claim(sight.due_at, room).await {
                attempts.push(self.attempt(letter));
            }
            let pause = match (bulk, attempts.is_empty()) {
                (true, _) => BULK_STEP,
                (false, true) => self.until(sight.due_at),
                (false, false) => POLL,
            };
            tokio::select! {
                Some(ended) = attempts.next(), if !attempts.is_empty() => {
                    self.settle(ended).await;
                    while let Some(Some(ended)) = attempts.next().now_or_never() {
                        self.settle(ended).await;
                    }
                }
                () = self.wakeup.notified() => {
                    tokio::time::sleep(BREATH.saturating_sub(looked_at.elapsed())).await;
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn attempt(&self, letter: Letter) -> Attempt {
        let replay = AssertUnwindSafe((self.replay)(letter.clone())).catch_unwind();
        let outcome = match tokio::time::timeout(PATIENCE, replay).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure::Failed("the attempt panicked; see the log".to_owned())),
            Err(_) => Err(Failure::Failed(format!("the attempt took longer than {} s", PATIENCE.as_secs()))),
        };
        (letter, outcome)
    }

    /// One look at everything, which costs the writer nothing: when there is nothing to do it is all that is done.
    async fn look(&self) -> Sight {
        let look = |connection: &mut crate::database::DatabaseConnection| {
            let (bulk, due_at) = (bulk::any_active(connection)?, claim::next_due(connection)?);
            Ok::<_, Error>((Sight { bulk, due_at }, statistics::unresolved(connection)?))
        };
        match self.database.read(look).await {
            Ok((sight, counts)) => {
                let failed = counts.iter().any(|(state, count)| *state == State::Failed && *count > 0);
                self.life.degraded(failed);
                let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
                self.life.note(counts.join(", "));
                sight
            }
            Err(error) => {
                self.trouble(&error).await;
                Sight { bulk: false, due_at: Some(self.clock.now()) }
            }
        }
    }

    /// How long until then, at most [`POLL`].
    fn until(&self, due_at: Option<DateTime<Utc>>) -> Duration {
        let due_in = due_at.map(|at| (at - self.clock.now()).to_std().unwrap_or_default());
        due_in.unwrap_or(POLL).clamp(BREATH, POLL)
    }

    /// Claims what is due. What an earlier claimant left without an outcome has failed once more.
    async fn claim(&self, due_at: Option<DateTime<Utc>>, room: usize) -> Vec<Letter> {
        let now = self.clock.now();
        if room == 0 || due_at.is_none_or(|due_at| due_at > now) {
            return Vec::new();
        }
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let work = move |transaction: &mut crate::database::Transaction<'_>| {
            let expired = claim::claim_expired(transaction, now, limit)?;
            let due = claim::claim_due(transaction, now, limit)?;
            Ok::<_, Error>((expired, due))
        };
        match self.database.write(work).await {
            Ok((expired, due)) => {
                self.in_hand().extend(due.iter().map(|letter| letter.id));
                for letter in expired {
                    let died = "the process ended while the event was being handled".to_owned();
                    self.settle((letter, Err(Failure::Failed(died)))).await;
                }
                due
            }
            Err(error) => {
                self.trouble(&error).await;
                Vec::new()
            }
        }
    }

    async fn settle(&self, (letter, outcome): Attempt) {
        let id = letter.id;
        match outcome {
            Ok(_) => self.stored(move |transaction, now| park::handled(transaction, id, now)).await,
            Err(Failure::Unavailable(why)) => {
                log::warn!("dead letter {id} cannot be tried at the moment: {why}");
                self.stored(move |transaction, now| claim::release(transaction, &[id], now + AWAY)).await;
            }
            Err(failure) => {
                let failed = self.failed(&letter, failure);
                log::warn!("dead letter {id} failed again at {}: {}", letter.consumer, failed.error);
                self.stored(move |transaction, now| settle::fail(transaction, id, &failed, now)).await;
            }
        }
        self.in_hand().remove(&id);
    }

    fn failed(&self, letter: &Letter, failure: Failure) -> Failed {
        let failures = letter.failures.saturating_add(1);
        match failure {
            Failure::Hopeless { reason, error } => {
                Failed { error, reason: Some(reason), failures, next: Next::GivenUp }
            }
            Failure::Failed(error) | Failure::Unavailable(error) => {
                let policy = model::policy(&self.policies, letter.event_type.as_deref(), &letter.consumer);
                let next = model::after_failure(policy, letter.by, failures, &mut fastrand::f64);
                let reason = model::reason_after_failure(letter.reason);
                Failed { error, reason: Some(reason), failures, next }
            }
        }
    }

    async fn advance_bulk_retries(&self) -> bool {
        let now = self.clock.now();
        match self.database.write(move |transaction| bulk::advance_all(transaction, now)).await {
            Ok(active) => active,
            Err(error) => {
                self.trouble(&error).await;
                false
            }
        }
    }

    async fn renew(&self) {
        let ids: Vec<Uuid> = self.in_hand().iter().copied().collect();
        if ids.is_empty() {
            return;
        }
        let now = self.clock.now();
        let renewed: Result<(), Error> =
            self.database.write(move |transaction| claim::renew(transaction, &ids, now)).await;
        if let Err(error) = renewed {
            self.trouble(&error).await;
        }
    }

    /// Stores an outcome, however long storage is away.
    async fn stored<F>(&self, work: F)
    where
        F: Fn(&mut crate::database::Transaction<'_>, DateTime<Utc>) -> Result<(), Error> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        self.until_stored(|database| {
            let (work, now) = (Arc::clone(&work), self.clock.now());
            async move { database.write(move |transaction| work(transaction, now)).await }
        })
        .await;
    }

    async fn until_stored<F, R>(&self, attempt: F)
    where
        F: Fn(Database) -> R,
        R: Future<Output = Result<(), Error>>,
    {
        while let Err(error) = attempt(self.database.clone()).await {
            self.trouble(&error).await;
            if !error.is_transient() {
                // It would fail for ever. The claim runs out, which is an attempt that failed.
                return;
            }
        }
    }

    async fn trouble(&self, error: &Error) {
        log::warn!("the dead letters cannot be reached: {error}");
        self.life.degraded(true);
        self.life.note(error.to_string());
        tokio::time::sleep(STORAGE_PAUSE).await;
    }

    fn in_hand(&self) -> std::sync::MutexGuard<'_, std::collections::HashSet<Uuid>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
