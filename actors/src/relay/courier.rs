//! The relay at work: claim, publish, settle, each beside the others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amqp::retry::{Policies, Policy};
use amqp::{Envelope, PublishError, Transport};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::{FusedFuture, OptionFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::ledger::{Ledger, Outcome, by_aggregate};
use super::prospect::Prospect;
use super::watch::Watch;
use crate::cache::CacheClient;
use crate::clock::{Clock, Ids};
use crate::database::{Database, Engine, Error, Plans, Transaction};
use crate::dead_letters::model::policy;
use crate::dead_letters::{self, EventRef, Parcel, RELAY, Reason};
use crate::event_store::outbox::{self, Failure, Outgoing};
use crate::supervision::Life;

/// Events on their way at once: more than the road has unconfirmed, so that it never waits for a claim.
const WINDOW: usize = 2_000;
/// Claims are made for at least so many, while others are on their way: each costs a transaction.
pub(super) const CLAIM: usize = WINDOW / 4;
/// How often claims are renewed while events are on their way: well within [`outbox::CLAIM`].
const RENEWAL: Duration = Duration::from_secs(1);
/// The pause after storage failed.
const STORAGE_PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Courier {
    pub database: Database,
    pub cache: CacheClient,
    pub transport: Transport,
    pub clock: Clock,
    pub policies: Policies,
    pub life: Life,
}

impl Courier {
    pub async fn run(self: Arc<Self>) {
        self.forget_own_claims().await;
        let appended = self.database.appended();
        let mut chains = FuturesUnordered::new();
        let (mut on_the_way, mut ledger) = (HashSet::new(), Ledger::default());
        let (mut claiming, mut settling) = (OptionFuture::default(), OptionFuture::default());
        let (mut prospect, mut is_quiet, mut watch) = (Prospect::unknown(), false, Watch::new());
        let mut renewed_at = Instant::now();
        loop {
            // By the clock and not when nothing else happens: on a busy relay something always does.
            if renewed_at.elapsed() >= RENEWAL {
                self.renew(&on_the_way).await;
                renewed_at = Instant::now();
            }
            let open = self.transport.available().now_or_never().is_some();
            let room = WINDOW.saturating_sub(on_the_way.len());
            if prospect.is_some() && open && claiming.is_terminated() && (room >= CLAIM || on_the_way.is_empty()) {
                let plans = prospect.claim(room, !on_the_way.is_empty(), appended.take());
                claiming = Some(Box::pin(self.claim(room, plans)).fuse()).into();
            }
            if settling.is_terminated() && !ledger.is_empty() {
                settling = Some(Box::pin(self.settle(std::mem::take(&mut ledger))).fuse()).into();
            }
            let is_idle = chains.is_empty() && claiming.is_terminated() && settling.is_terminated();
            if is_idle && watch.wants_look(std::mem::take(&mut is_quiet)) && self.look(&mut watch, open).await {
                prospect.seen();
                if open {
                    continue;
                }
            }
            let pause = match (is_idle, open) {
                (false, _) => RENEWAL,
                (true, true) => watch.pause(),
                // Nothing can be published: the queue in the database is only looked at for people.
                (true, false) => watch.pause().max(RENEWAL),
            };
            tokio::select! {
                Some(outcome) = chains.next(), if !chains.is_empty() => {
                    ledger.enter(outcome);
                    while let Some(Some(outcome)) = chains.next().now_or_never() {
                        ledger.enter(outcome);
                    }
                }
                Some(claimed) = &mut claiming, if !claiming.is_terminated() => match claimed {
                    Some(claimed) => {
                        prospect.claimed(claimed.len());
                        on_the_way.extend(claimed.iter().map(|outgoing| outgoing.position));
                        chains.extend(by_aggregate(claimed).into_iter().map(|chain| self.publish(chain)));
                    }
                    None => {
                        prospect.failed();
                        watch.fail();
                    }
                },
                Some(settled) = &mut settling, if !settling.is_terminated() => {
                    for position in settled.positions() {
                        on_the_way.remove(&position);
                    }
                    prospect.settled(!settled.is_repeatable());
                    watch.change();
                    if !settled.is_repeatable() {
                        watch.fail();
                    }
                }
                () = self.transport.available(), if !open => prospect.seen(),
                () = appended.notified() => {
                    prospect.come();
                    watch.change();
                }
                () = tokio::time::sleep(pause) => is_quiet = is_idle,
            }
        }
    }

    /// On SQLite this is the only process, so every claim is one that an earlier life of it made.
    async fn forget_own_claims(&self) {
        if self.database.engine() == Engine::Sqlite {
            self.until_stored(|database| async move { database.write(outbox::release_all).await }).await;
        }
    }

    /// `None` when the database could not be asked.
    async fn claim(&self, room: usize, plans: Plans) -> Option<Vec<Outgoing>> {
        let now = self.clock.now();
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        // A claim that is lost is made again.
        let claim = move |transaction: &mut Transaction<'_>| outbox::claim(transaction, now, limit);
        match self.database.write_repeatable(plans, claim).await {
            Ok(claimed) => {
                // Before any of them can leave the outbox.
                self.cache.published(claimed.iter().map(|outgoing| &outgoing.envelope)).await;
                Some(claimed)
            }
            Err(error) => {
                self.trouble(&error).await;
                None
            }
        }
    }

    /// Publishes the events of one aggregate one after another, and stops at the first that fails.
    async fn publish(&self, chain: Vec<Outgoing>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut chain = chain.into_iter();
        for outgoing in chain.by_ref() {
            let envelope = Arc::new(outgoing.envelope);
            match self.transport.publish(Arc::clone(&envelope), outgoing.repeated).await {
                Ok(()) => outcome.confirm(outgoing.position, &envelope, outgoing.troubled),
                Err(error) => {
                    let (position, event_type) = (outgoing.position, &envelope.event_type);
                    if error.blames_event() {
                        log::warn!("event {position} ({event_type}) is not delivered: {error}");
                    }
                    let due_at = self.due_at(event_type, outgoing.attempts, &error);
                    let set_aside = due_at.is_none().then(|| unpublishable(&envelope, outgoing.attempts, &error));
                    let (blames_event, error) = (error.blames_event(), error.to_string());
                    outcome.failed = Some((Failure { position, due_at, blames_event, error }, set_aside));
                    break;
                }
            }
        }
        outcome.released = chain.map(|outgoing| outgoing.position).collect();
        outcome
    }

    /// When to publish it again; `None` when it has had its attempts.
    fn due_at(&self, event_type: &str, attempts: i32, error: &PublishError) -> Option<DateTime<Utc>> {
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1);
        let pause = match policy(&self.policies, Some(event_type), RELAY) {
            // Whatever is being restarted or mended is back in a moment.
            _ if !error.blames_event() => Duration::from_millis(fastrand::u64(100..=400)),
            Policy::Retry { attempts: allowed, backoff } if attempts <= allowed => {
                backoff.delay(attempts, &mut fastrand::f64)
            }
            Policy::Retry { .. } | Policy::None => return None,
        };
        Some(self.clock.now() + pause)
    }

    async fn settle(&self, ledger: Ledger) -> Arc<Ledger> {
        // A road that breaks takes whatever is on it along: one line tells of all.
        if let (count @ 1.., Some(error)) = ledger.blameless() {
            log::warn!("{count} events are published again later: {error}");
        }
        let ledger = Arc::new(ledger);
        let now = self.clock.now();
        self.until_stored(|database| {
            let ledger = Arc::clone(&ledger);
            async move {
                let is_repeatable = ledger.is_repeatable();
                let enter = move |transaction: &mut Transaction<'_>| enter(transaction, &ledger, now);
                if is_repeatable {
                    database.write_repeatable(Plans::Kept, enter).await
                } else {
                    database.write(enter).await
                }
            }
        })
        .await;
        ledger
    }

    async fn renew(&self, on_the_way: &HashSet<i64>) {
        if on_the_way.is_empty() {
            return;
        }
        let positions: Vec<i64> = on_the_way.iter().copied().collect();
        let now = self.clock.now();
        let renew = move |transaction: &mut Transaction<'_>| outbox::renew(transaction, &positions, now);
        if let Err(error) = self.database.write_repeatable(Plans::Kept, renew).await {
            self.trouble(&error).await;
        }
    }

    /// Looks what waits, and tells the tree. Whether something can be claimed now; nothing can while the road is closed, so
    /// then it is not asked, which of a long outbox takes long.
    async fn look(&self, watch: &mut Watch, open: bool) -> bool {
        let look = if open { outbox::backlog } else { outbox::waiting };
        match self.database.read(look).await {
            Ok(backlog) => {
                self.life.degraded(backlog.failing > 0);
                self.life.note(format!("{} waiting, {} failing", backlog.waiting, backlog.failing));
                let due_in = backlog.next_due_at.map(|at| (at - self.clock.now()).to_std().unwrap_or_default());
                watch.looked(due_in);
                due_in.is_some_and(|due_in| due_in.is_zero())
            }
            Err(error) => {
                self.trouble(&error).await;
                watch.fail();
                false
            }
        }
    }

    async fn until_stored<F, R>(&self, attempt: F)
    where
        F: Fn(Database) -> R,
        R: Future<Output = Result<(), Error>>,
    {
        while let Err(error) = attempt(self.database.clone()).await {
            self.trouble(&error).await;
        }
    }

    async fn trouble(&self, error: &Error) {
        log::warn!("the relay cannot use the outbox: {error}");
        self.life.degraded(true);
        self.life.note(error.to_string());
        tokio::time::sleep(STORAGE_PAUSE).await;
    }
}

fn enter(transaction: &mut Transaction<'_>, ledger: &Ledger, now: DateTime<Utc>) -> Result<(), Error> {
    outbox::settle(transaction, &ledger.confirmed, &ledger.failed)?;
    outbox::release(transaction, &ledger.released)?;
    for &event_id in &ledger.recovered {
        dead_letters::handled_event(transaction, RELAY, event_id, now)?;
    }
    ledger.set_aside.iter().try_for_each(|parcel| dead_letters::park(transaction, parcel, &Ids, now).map(drop))
}

fn unpublishable(envelope: &Envelope, attempts: i32, error: &PublishError) -> Parcel {
    Parcel {
        consumer: RELAY.to_owned(),
        event: Some(EventRef::of(envelope)),
        label: Some(envelope.event_type.clone()),
        bytes: serde_json::to_vec(envelope).unwrap_or_default(),
        reason: Reason::Unpublishable,
        error: error.to_string(),
        attempts: Vec::new(),
        failures: u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1),
        due_at: None,
    }
}
