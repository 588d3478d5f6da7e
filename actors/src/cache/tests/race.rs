//! Readers and writers at once: what is read after all have settled is what was written last.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use futures_util::future::join_all;

use super::*;

const ROUNDS: u64 = 10_000;

/// What stands in the place of the database: a row whose readers take their time to come back with what they saw.
#[derive(Clone, Default)]
struct Row(Arc<AtomicU64>);

impl Row {
    async fn read(&self) -> Result<u64, Infallible> {
        dawdle(fastrand::u32(0..4)).await;
        let seen = self.0.load(SeqCst);
        dawdle(fastrand::u32(0..6)).await;
        Ok(seen)
    }
}

async fn dawdle(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

/// Where two threads wait for each other. When one has panicked, so does the other.
struct Meeting(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Meeting {
    fn of_two() -> (Self, Self) {
        let ((tell, told), (tell_back, told_back)) = (mpsc::channel(), mpsc::channel());
        (Self(tell, told_back), Self(tell_back, told))
    }

    fn meet(&self) {
        self.0.send(()).expect("the other is there");
        self.1.recv().expect("the other comes");
    }
}

/// Two processes in two threads: one writes, both read.
fn race(setting: &Setting, key: &Key<u64>) {
    let (one, other) = (owner(setting), owner(setting));
    let (one, other) = match setting {
        Setting::InProcess => (one.clone(), one),
        Setting::Redis { .. } => (one, other),
    };
    let (row, (meeting, others)) = (Row::default(), Meeting::of_two());
    let reader = {
        let (row, key, client) = (row.clone(), key.clone(), other.clone());
        thread::spawn(move || {
            block_on(async {
                for round in 1..=ROUNDS {
                    others.meet();
                    let readers = join_all((0..3).map(|_| client.read(key.clone(), || row.read()))).await;
                    let in_time = readers.iter().all(|seen| *seen == Ok(round) || *seen == Ok(round - 1));
                    assert!(in_time, "round {round}: {readers:?}");
                    others.meet();
                    let settled: Result<u64, Infallible> = client.read(key.clone(), || row.read()).await;
                    assert_eq!(settled, Ok(round), "stale");
                    others.meet();
                }
            });
        })
    };
    block_on(async {
        for round in 1..=ROUNDS {
            meeting.meet();
            dawdle(fastrand::u32(0..8)).await;
            row.0.store(round, SeqCst);
            let outdated = key.group.clone().map_or_else(|| key.clone().into(), Outdated::from);
            let (_, seen) = tokio::join!(one.forget(vec![outdated]), one.read(key.clone(), || row.read()));
            assert!(seen == Ok(round) || seen == Ok(round - 1), "round {round}: {seen:?}");
            let after: Result<u64, Infallible> = one.read(key.clone(), || row.read()).await;
            assert_eq!(after, Ok(round), "the writer reads what it wrote");
            settled(&one).await;
            meeting.meet();
            let settled: Result<u64, Infallible> = one.read(key.clone(), || row.read()).await;
            assert_eq!(settled, Ok(round), "stale");
            meeting.meet();
        }
    });
    reader.join().expect("no stale value");
    let figures = other.statistics().families.pop().expect("figures");
    assert!(figures.hits > ROUNDS / 4 && figures.stored > ROUNDS / 20, "the cache was hardly used: {figures:?}");
}

/// Waits until Redis knows what was forgotten. A writer does not wait for longer than 50 ms, so it may have gone on before.
async fn settled(client: &CacheClient) {
    while client.statistics().owed > 0 || !client.statistics().available {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work);
}

/// A client whose cache is owned by an actor in a thread of its own, for as long as the tests run.
fn owner(setting: &Setting) -> CacheClient {
    let (client, (ready, started)) = (setting.client(), mpsc::channel());
    let copy = client.clone();
    thread::spawn(move || {
        actix_rt::System::new().block_on(async {
            let process = Process::start(copy).await;
            ready.send(()).expect("somebody waits");
            std::future::pending::<()>().await;
            drop(process);
        });
    });
    started.recv().expect("it starts");
    client
}

#[test]
fn nothing_stale_in_the_process() {
    race(&Setting::InProcess, &NUMBERS.key("a"));
    race(&Setting::InProcess, &NUMBERS.key("b").in_group(group()));
}

#[test]
fn nothing_stale_in_redis() {
    if let Some(setting) = Setting::redis() {
        race(&setting, &NUMBERS.key("a"));
    }
}

#[test]
fn nothing_stale_in_a_group_in_redis() {
    if let Some(setting) = Setting::redis() {
        race(&setting, &NUMBERS.key("b").in_group(group()));
    }
}
