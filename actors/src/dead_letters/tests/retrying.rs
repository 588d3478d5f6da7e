//! The actor: what it tries, in which order, and what follows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use amqp::retry::{Backoff, Policies, Policy};
use tokio::sync::Notify;

use super::*;
use crate::cache::CacheClient;
use crate::database::scratch::settle;
use crate::service::{Campus, Request};
use crate::supervision::{Address, Backoff as RestartBackoff, Intensity, Life, Running, child, supervisor};

/// What becomes of an aggregate's letters, and what was tried.
#[derive(Default)]
pub(super) struct Script {
    failures: BTreeMap<Uuid, Failure>,
    panics: bool,
    hangs: bool,
    pub tried: Vec<Uuid>,
}

/// The actor, supervised, with a consumer that does as it is told.
pub(super) struct Stage {
    pub scene: Scene,
    pub script: Arc<Mutex<Script>>,
    pub actor: Address<DeadLetters>,
    pub wakeup: Arc<Notify>,
    tree: Running,
}

impl Stage {
    pub fn on(scratch: &Scratch) -> Self {
        let scene = Scene { database: scratch.open(), clock: Clock::system() };
        let script = Arc::new(Mutex::new(Script::default()));
        let campus = Campus {
            database: scene.database.clone(),
            cache: CacheClient::in_process(),
            clock: scene.clock.clone(),
            time_zone: chrono_tz::UTC,
        };
        let quick = Policy::Retry { attempts: 1, backoff: Backoff::Fixed { delay_ms: 5 } };
        let policies = Arc::new(Policies { default: quick, ..Policies::default() });
        let (wakeup, replay) = (wakeup(), replay(&scene, &script));
        let notify = Arc::clone(&wakeup);
        let (actor, spec) = child("dead-letters", move |life: &Life| {
            let (policies, notify) = (Arc::clone(&policies), Arc::clone(&notify));
            Ok(DeadLetters::new(campus.clone(), policies, Arc::clone(&replay), notify, life.clone()))
        })
        .build();
        let tree = supervisor("root")
            .intensity(Intensity { restarts: 10, within: Duration::from_secs(60) })
            .backoff(RestartBackoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) })
            .child(spec)
            .start();
        Self { scene, script, actor, wakeup, tree }
    }

    pub fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fails(&self, number: u128, failure: Failure) {
        self.script().failures.insert(aggregate(number), failure);
    }

    pub fn heals(&self, number: u128) {
        self.script().failures.remove(&aggregate(number));
    }

    async fn park(&self, parcel: Parcel) -> Uuid {
        let id = self.scene.park(parcel).await;
        self.wakeup.notify_one();
        id
    }

    pub async fn until(&self, id: Uuid, state: State) -> DeadLetter {
        settle(&format!("{id} is {state}"), async || {
            let letter = self.scene.letter(id).await.letter;
            (letter.state == state).then_some(letter)
        })
        .await
    }

    pub async fn command<C>(&self, command: C) -> Result<C::Answer, Error>
    where
        C: Command<Service = DeadLetters, Refusal = Error>,
    {
        let caller = Caller::operator(Uuid::nil());
        self.actor.send(Request { caller, command }).await.expect("the actor answers")
    }
}

fn replay(scene: &Scene, script: &Arc<Mutex<Script>>) -> Replay {
    let (database, script) = (scene.database.clone(), Arc::clone(script));
    Arc::new(move |letter: Letter| {
        let (database, script) = (database.clone(), Arc::clone(&script));
        Box::pin(async move {
            let aggregate = letter.event.as_ref().map(|event| event.aggregate_id).unwrap_or_default();
            let (failure, hangs) = {
                let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
                script.tried.push(letter.id);
                assert!(!script.panics, "on purpose");
                (script.failures.get(&aggregate).cloned(), script.hangs)
            };
            if hangs {
                std::future::pending::<()>().await;
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
            let id = letter.id;
            let work = move |transaction: &mut database::Transaction<'_>| handled(transaction, id, noon());
            database.write(work).await.map_err(|error| Failure::Unavailable(error.to_string()))?;
            Ok(Replayed::Now)
        })
    })
}

pub(super) fn failed(error: &str) -> Failure {
    Failure::Failed(error.to_owned())
}

/// Longer than the clock will show.
const CENTURY: TimeDelta = TimeDelta::days(36_525);

async fn due_letters_are_tried_in_the_order_of_their_versions(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    let mut ids = Vec::new();
    for version in 1..=3 {
        ids.push(
            stage
                .park(due(
                    parcel(1, version),
                    DateTime::UNIX_EPOCH + CENTURY * i32::try_from(3 - version).expect("small"),
                ))
                .await,
        );
    }
    let now = stage.scene.clock.now();
    assert!(now < DateTime::UNIX_EPOCH + CENTURY, "the first is not due");
    stage.command(RetryDeadLetter { id: ids[0], data: None }).await.expect("hurried");
    stage.until(ids[0], State::Resolved).await;
    stage.command(RetryDeadLetter { id: ids[1], data: None }).await.expect("hurried");
    for id in &ids {
        stage.until(*id, State::Resolved).await;
    }
    assert_eq!(stage.script().tried, ids);
    stage.tree.stop().await;
}

async fn a_letter_that_keeps_failing_is_given_up_and_holds_up_its_aggregate_only(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.fails(1, failed("no"));
    let past = DateTime::UNIX_EPOCH;
    let bad = stage.park(Parcel { failures: 0, attempts: Vec::new(), ..due(parcel(1, 1), past) }).await;
    let behind = stage.park(Parcel { reason: Reason::Waiting, ..due(parcel(1, 2), past) }).await;
    let other = stage.park(due(parcel(2, 1), past)).await;
    stage.until(other, State::Resolved).await;
    let letter = stage.until(bad, State::Failed).await;
    assert_eq!((letter.failures, letter.error.as_str()), (4, "no"), "two in place, one scheduled, and then no more");
    assert_eq!(stage.scene.letter(bad).await.attempts.len(), 4);
    assert_eq!(stage.scene.state(behind).await, State::Pending);
    assert!(!stage.script().tried.contains(&behind));
    // One more attempt of an operator fails, the next one does not.
    stage.command(RetryDeadLetter { id: bad, data: None }).await.expect("retried");
    let again = settle("it failed again", async || {
        let letter = stage.scene.letter(bad).await.letter;
        (letter.state == State::Failed && letter.failures == 5).then_some(letter)
    });
    assert_eq!(again.await.due_at, None);
    stage.heals(1);
    stage.command(RetryDeadLetter { id: bad, data: None }).await.expect("retried");
    stage.until(bad, State::Resolved).await;
    stage.until(behind, State::Resolved).await;
    stage.tree.stop().await;
}

async fn hopeless_ones_are_given_up_at_once(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.fails(1, Failure::Hopeless { reason: Reason::UnknownType, error: "never heard of it".to_owned() });
    let id = stage.park(due(parcel(1, 1), DateTime::UNIX_EPOCH)).await;
    let letter = stage.until(id, State::Failed).await;
    assert_eq!((letter.reason, letter.failures), (Reason::UnknownType, 4));
    stage.tree.stop().await;
}

async fn a_consumer_that_is_away_costs_no_attempt(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.fails(1, Failure::Unavailable("the database is not available".to_owned()));
    let id = stage.park(due(parcel(1, 1), DateTime::UNIX_EPOCH)).await;
    settle("it was tried", async || stage.script().tried.contains(&id).then_some(())).await;
    stage.heals(1);
    let letter = stage.until(id, State::Resolved).await;
    assert_eq!(letter.failures, 3);
    stage.tree.stop().await;
}

async fn a_panic_of_the_consumer_is_a_failed_attempt(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.script().panics = true;
    let id = stage.park(parcel(1, 1)).await;
    stage.command(RetryDeadLetter { id, data: None }).await.expect("retried");
    let letter = settle("it failed", async || {
        let letter = stage.scene.letter(id).await.letter;
        (letter.failures == 4).then_some(letter)
    });
    assert!(letter.await.error.contains("panicked"));
    // A panic in a test's mutex poisons it, which all here look past.
    stage.script().panics = false;
    stage.command(RetryDeadLetter { id, data: None }).await.expect("retried");
    stage.until(id, State::Resolved).await;
    stage.tree.stop().await;
}

/// What a process that died had in hand is tried again, and counts as an attempt: else a letter that kills the process
/// would kill it for ever.
async fn what_a_dead_process_had_in_hand_has_failed_once_more(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let id = scene.park(Parcel { failures: 1, ..due(parcel(1, 1), DateTime::UNIX_EPOCH) }).await;
    let long_ago = DateTime::UNIX_EPOCH;
    let claimed = scene.database.write(move |transaction| claim::claim_due(transaction, noon(), 9)).await;
    assert_eq!(claimed.expect("claimed").len(), 1);
    scene.database.write(move |transaction| claim::end_all(transaction, long_ago)).await.expect("ended");
    let stage = Stage::on(&scratch);
    let letter = stage.until(id, State::Resolved).await;
    assert_eq!(letter.failures, 2);
    assert!(stage.scene.letter(id).await.attempts.last().expect("one").error.contains("process ended"));
    stage.tree.stop().await;
}

async fn what_is_in_hand_when_the_actor_stops_is_given_back(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    stage.script().hangs = true;
    let id = stage.park(due(parcel(1, 1), DateTime::UNIX_EPOCH)).await;
    settle("it is being tried", async || stage.script().tried.contains(&id).then_some(())).await;
    stage.tree.stop().await;
    assert_eq!(stage.until(id, State::Pending).await.failures, 3);
}

async fn the_tree_shows_what_waits_for_an_operator(scratch: Scratch) {
    let stage = Stage::on(&scratch);
    let shown = |degraded: bool, note: &'static str| {
        let stage = &stage;
        settle(note, async move || {
            let tree = stage.tree.tree();
            let node = tree.children.first()?;
            let text = serde_json::to_string(node).ok()?;
            (node.degraded == degraded && text.contains(note)).then_some(())
        })
    };
    shown(false, "0 pending, 0 retrying, 0 failed").await;
    let id = stage.park(parcel(1, 1)).await;
    shown(true, "0 pending, 0 retrying, 1 failed").await;
    stage.command(DiscardDeadLetter { id, reason: None }).await.expect("discarded");
    shown(false, "0 pending, 0 retrying, 0 failed").await;
    stage.tree.stop().await;
}

on_each_engine!(
    due_letters_are_tried_in_the_order_of_their_versions,
    a_letter_that_keeps_failing_is_given_up_and_holds_up_its_aggregate_only,
    hopeless_ones_are_given_up_at_once,
    a_consumer_that_is_away_costs_no_attempt,
    a_panic_of_the_consumer_is_a_failed_attempt,
    what_a_dead_process_had_in_hand_has_failed_once_more,
    what_is_in_hand_when_the_actor_stops_is_given_back,
    the_tree_shows_what_waits_for_an_operator,
);
