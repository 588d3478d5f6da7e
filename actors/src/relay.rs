//! The relay: takes events from the outbox to the transport, and out of the outbox once the transport confirmed them.
//!
//! It is woken by each commit that appended events and looks by itself every few seconds, for what another process or
//! an earlier failure left behind. Of one aggregate at most one event is on its way, so its order cannot be lost. When
//! the road is to blame, an event is published again for as long as it takes; one that is itself to blame is tried as
//! often as its policy says and then set aside, with a dead letter to tell of it, while those of its aggregate wait behind
//! it and all others flow.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context, WrapFuture};
use amqp::retry::{Policies, Policy};
use amqp::{Envelope, PublishError, Transport};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use uuid::Uuid;

use crate::cache::CacheClient;
use crate::clock::{Clock, Ids};
use crate::database::{Database, Engine, Error, Transaction};
use crate::dead_letters::model::policy;
use crate::dead_letters::{self, EventRef, Parcel, RELAY, Reason};
use crate::event_store::outbox::{self, Failure, Outgoing};
use crate::service::Campus;
use crate::supervision::Life;

/// Events on their way at once.
const WINDOW: usize = 500;
/// How often it looks without being woken.
const POLL: Duration = Duration::from_secs(4);
/// How often claims are renewed while events are on their way: well within [`outbox::CLAIM`].
const RENEWAL: Duration = Duration::from_secs(1);
/// The pause after storage failed.
const STORAGE_PAUSE: Duration = Duration::from_millis(500);

/// The actor that publishes what the outbox holds.
pub struct Relay {
    courier: Arc<Courier>,
}

struct Courier {
    database: Database,
    cache: CacheClient,
    transport: Transport,
    clock: Clock,
    policies: Policies,
    life: Life,
}

impl Relay {
    /// A relay on `campus` to `transport`.
    pub fn new(campus: Campus, transport: Transport, policies: Policies, life: Life) -> Self {
        let Campus { database, cache, clock, .. } = campus;
        Self { courier: Arc::new(Courier { database, cache, transport, clock, policies, life }) }
    }
}

impl Actor for Relay {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Arc::clone(&self.courier).run().into_actor(self));
    }
}

/// What became of one aggregate's claimed events.
#[derive(Default)]
struct Outcome {
    confirmed: Vec<i64>,
    /// Those of the confirmed that had failed before: a dead letter may tell of them.
    recovered: Vec<Uuid>,
    failed: Option<(Failure, Option<Parcel>)>,
    released: Vec<i64>,
}

/// Outcomes that are not in the database yet.
#[derive(Default)]
struct Ledger {
    confirmed: Vec<i64>,
    recovered: Vec<Uuid>,
    failed: Vec<Failure>,
    set_aside: Vec<Parcel>,
    released: Vec<i64>,
}

impl Ledger {
    fn enter(&mut self, outcome: Outcome) {
        self.confirmed.extend(outcome.confirmed);
        self.recovered.extend(outcome.recovered);
        if let Some((failure, set_aside)) = outcome.failed {
            self.failed.push(failure);
            self.set_aside.extend(set_aside);
        }
        self.released.extend(outcome.released);
    }

    fn is_empty(&self) -> bool {
        self.confirmed.is_empty() && self.failed.is_empty() && self.released.is_empty()
    }
}

impl Courier {
    async fn run(self: Arc<Self>) {
        self.forget_own_claims().await;
        let appended = self.database.appended();
        let mut chains = FuturesUnordered::new();
        let mut on_the_way = HashSet::new();
        let mut look = true;
        let mut renewed_at = Instant::now();
        loop {
            // By the clock and not when nothing else happens: on a busy relay something always does.
            if renewed_at.elapsed() >= RENEWAL {
                self.renew(&on_the_way).await;
                renewed_at = Instant::now();
            }
            let open = self.transport.available().now_or_never().is_some();
            if look && open && on_the_way.len() < WINDOW {
                let claimed = self.claim(WINDOW - on_the_way.len()).await;
                // A full window may have left more behind; an empty answer means that there is no more.
                look = !claimed.is_empty();
                on_the_way.extend(claimed.iter().map(|outgoing| outgoing.position));
                for chain in by_aggregate(claimed) {
                    chains.push(self.publish(chain));
                }
                if look {
                    continue;
                }
            }
            let pause = match (chains.is_empty(), open) {
                (false, _) => RENEWAL,
                (true, true) => self.until_next().await,
                // Nothing can be published: the queue in the database is only looked at for people.
                (true, false) => self.until_next().await.max(RENEWAL),
            };
            let mut ledger = Ledger::default();
            tokio::select! {
                Some(outcome) = chains.next(), if !chains.is_empty() => {
                    ledger.enter(outcome);
                    while let Some(Some(outcome)) = chains.next().now_or_never() {
                        ledger.enter(outcome);
                    }
                }
                () = self.transport.available(), if !open => look = true,
                () = appended.notified() => look = true,
                () = tokio::time::sleep(pause) => look = true,
            }
            if !ledger.is_empty() {
                for position in ledger.positions() {
                    on_the_way.remove(&position);
                }
                look = true;
                self.settle(ledger).await;
            }
        }
    }

    /// On SQLite this is the only process, so every claim is one that an earlier life of it made.
    async fn forget_own_claims(&self) {
        if self.database.engine() == Engine::Sqlite {
            self.until_stored(|database| async move { database.write(outbox::release_all).await }).await;
        }
    }

    async fn claim(&self, room: usize) -> Vec<Outgoing> {
        let now = self.clock.now();
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        match self.database.write(move |transaction| outbox::claim(transaction, now, limit)).await {
            Ok(claimed) => {
                // Before any of them can leave the outbox.
                self.cache.published(claimed.iter().map(|outgoing| &outgoing.envelope)).await;
                claimed
            }
            Err(error) => {
                self.trouble(&error).await;
                Vec::new()
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
                Ok(()) => {
                    outcome.confirmed.push(outgoing.position);
                    outcome.recovered.extend(outgoing.troubled.then_some(envelope.event_id));
                }
                Err(error) => {
                    let (position, event_type) = (outgoing.position, &envelope.event_type);
                    log::warn!("event {position} ({event_type}) is not delivered: {error}");
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

    async fn settle(&self, ledger: Ledger) {
        let ledger = Arc::new(ledger);
        let now = self.clock.now();
        self.until_stored(|database| {
            let ledger = Arc::clone(&ledger);
            async move {
                database
                    .write(move |transaction| {
                        outbox::settle(transaction, &ledger.confirmed, &ledger.failed)?;
                        outbox::release(transaction, &ledger.released)?;
                        for &event_id in &ledger.recovered {
                            dead_letters::handled_event(transaction, RELAY, event_id, now)?;
                        }
                        park(transaction, &ledger.set_aside, now)
                    })
                    .await
            }
        })
        .await;
    }

    async fn renew(&self, on_the_way: &HashSet<i64>) {
        if on_the_way.is_empty() {
            return;
        }
        let positions: Vec<i64> = on_the_way.iter().copied().collect();
        let now = self.clock.now();
        let renewed: Result<(), Error> =
            self.database.write(move |transaction| outbox::renew(transaction, &positions, now)).await;
        if let Err(error) = renewed {
            self.trouble(&error).await;
        }
    }

    /// How long until something is due, at most [`POLL`].
    async fn until_next(&self) -> Duration {
        match self.database.read(outbox::backlog).await {
            Ok(backlog) => {
                self.life.degraded(backlog.failing > 0);
                self.life.note(format!("{} waiting, {} failing", backlog.waiting, backlog.failing));
                let due_in = backlog.next_due_at.map(|at| (at - self.clock.now()).to_std().unwrap_or_default());
                due_in.unwrap_or(POLL).clamp(Duration::from_millis(50), POLL)
            }
            Err(error) => {
                self.trouble(&error).await;
                STORAGE_PAUSE
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

impl Ledger {
    fn positions(&self) -> impl Iterator<Item = i64> + '_ {
        let failed = self.failed.iter().map(|failure| failure.position);
        self.confirmed.iter().copied().chain(failed).chain(self.released.iter().copied())
    }
}

/// Claimed events, one list an aggregate, each in order.
fn by_aggregate(claimed: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut places = std::collections::HashMap::new();
    let mut chains: Vec<Vec<Outgoing>> = Vec::new();
    for outgoing in claimed {
        let place = *places.entry(outgoing.envelope.aggregate_id).or_insert(chains.len());
        match chains.get_mut(place) {
            Some(chain) => chain.push(outgoing),
            None => chains.push(vec![outgoing]),
        }
    }
    chains
}

fn park(transaction: &mut Transaction<'_>, set_aside: &[Parcel], now: DateTime<Utc>) -> Result<(), Error> {
    set_aside.iter().try_for_each(|parcel| dead_letters::park(transaction, parcel, &Ids, now).map(drop))
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
