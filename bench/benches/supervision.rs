//! Measures the supervision kit: how fast a panicked actor serves again, how many messages a second
//! an address carries, what a crash-looping actor costs its neighbour, and whether a full mailbox
//! costs memory.
//!
//! Run it in release, on an otherwise idle machine.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use actors::supervision::{
    Address, Backoff, CallError, Intensity, Life, Running, SupervisorBuilder, child, supervisor,
};
use futures_util::future::join_all;
use tokio::sync::Semaphore;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

struct Echo;

impl Actor for Echo {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(u64)]
struct Say(u64);

impl Handler<Say> for Echo {
    type Result = u64;
    fn handle(&mut self, Say(number): Say, _: &mut Self::Context) -> u64 {
        number
    }
}

#[derive(Message)]
#[rtype(u64)]
struct SayLater(u64);

impl Handler<SayLater> for Echo {
    type Result = ResponseFuture<u64>;
    fn handle(&mut self, SayLater(number): SayLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move {
            tokio::task::yield_now().await;
            number
        })
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for Echo {
    type Result = ();
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("measured");
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Wait(Arc<Semaphore>);

impl Handler<Wait> for Echo {
    type Result = ResponseFuture<()>;
    fn handle(&mut self, Wait(gate): Wait, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { drop(gate.acquire().await) })
    }
}

fn main() -> Outcome {
    // The panics here are made on purpose; their traces would only bury the numbers.
    std::panic::set_hook(Box::new(|_| {}));
    let system = actix_rt::System::new();
    system.block_on(async {
        restart_times().await?;
        throughput().await?;
        neighbour().await?;
        memory().await?;
        idle().await
    })
}

fn lenient() -> SupervisorBuilder {
    supervisor("bench").intensity(Intensity { restarts: u32::MAX, within: Duration::from_secs(1) })
}

fn echo(mailbox: usize, tree: SupervisorBuilder) -> (Address<Echo>, SupervisorBuilder) {
    let (address, spec) = child("echo", |_: &Life| Ok(Echo)).mailbox(mailbox).build();
    (address, tree.child(spec))
}

async fn restart_times() -> Outcome {
    let mut times = Vec::new();
    for _ in 0..50 {
        let (address, tree) = echo(16, lenient());
        let tree = tree.start();
        address.send(Say(1)).await?;
        let began = Instant::now();
        let _ = address.send(Panic).await;
        address.send(Say(2)).await?;
        times.push(began.elapsed());
        tree.stop().await;
    }
    times.sort_unstable();
    println!("panic to serving again, 50 times: median {:?}, max {:?}", at(&times, 50), at(&times, 100));
    Ok(())
}

async fn throughput() -> Outcome {
    let (address, tree) = echo(1_024, lenient());
    let tree = tree.start();
    for (name, callers, calls) in [("1 caller", 1, 50_000), ("64 callers", 64, 10_000), ("512 callers", 512, 1_500)] {
        let began = Instant::now();
        let answers = join_all((0..callers).map(|_| talk(&address, calls))).await;
        report_rate(name, callers * calls, began);
        answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    let began = Instant::now();
    for batch in 0..1_500 {
        let calls = (0..512).map(|number| address.send(SayLater(batch * 512 + number)));
        join_all(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    report_rate("512 response futures at once", 1_500 * 512, began);
    tree.stop().await;
    Ok(())
}

async fn talk(address: &Address<Echo>, calls: usize) -> Result<(), CallError> {
    for number in 0..calls {
        address.send(Say(number as u64)).await?;
    }
    Ok(())
}

fn report_rate(name: &str, messages: usize, began: Instant) {
    let rate = messages as f64 / began.elapsed().as_secs_f64();
    println!("messages answered a second, {name}: {rate:.0}");
}

async fn neighbour() -> Outcome {
    let (address, tree) = echo(1_024, lenient());
    let alone = tree.start();
    let quiet = latencies(&address).await?;
    alone.stop().await;
    let (address, tree) = echo(1_024, lenient());
    let tree = tree.backoff(Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(10) });
    let (_looping, spec) = child::<Echo, _>("loop", |_: &Life| panic!("again")).build();
    let tree = tree.child(spec).start();
    let loud = latencies(&address).await?;
    let restarts = restarts(&tree, "bench/loop");
    tree.stop().await;
    let (before, after) = (at(&quiet, 99), at(&loud, 99));
    let ratio = after.as_secs_f64() / before.as_secs_f64();
    println!(
        "neighbour's p99: {before:?} alone, {after:?} beside a crash loop ({restarts} restarts), ratio {ratio:.2}"
    );
    Ok(())
}

async fn latencies(address: &Address<Echo>) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        let sent = Instant::now();
        address.send(Say(0)).await?;
        times.push(sent.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn restarts(tree: &Running, path: &str) -> u64 {
    tree.tree().find(path).map_or(0, |node| node.restart_count)
}

async fn memory() -> Outcome {
    let (address, tree) = echo(64, lenient());
    let tree = tree.start();
    let gate = Arc::new(Semaphore::new(0));
    let waiting = (0..64).map(|_| address.send(Wait(Arc::clone(&gate))));
    let pushing = async {
        tokio::task::yield_now().await;
        let clones: Vec<_> = (0..10_000).map(|_| address.clone()).collect();
        let before = resident_kib()?;
        let mut refused = 0_u32;
        for _ in 0..20 {
            for clone in &clones {
                refused += u32::from(matches!(clone.send(Say(0)).await, Err(CallError::Overloaded { .. })));
            }
        }
        let grown = resident_kib()?.saturating_sub(before);
        println!("10,000 clones, 20 rounds into a full mailbox of 64: {refused} refused, resident memory +{grown} KiB");
        gate.add_permits(64);
        Outcome::Ok(())
    };
    let (_, pushed) = tokio::join!(join_all(waiting), pushing);
    tree.stop().await;
    pushed
}

async fn idle() -> Outcome {
    let mut tree = lenient();
    let mut addresses = Vec::new();
    for _ in 0..12 {
        let (address, with) = echo(16, tree);
        addresses.push(address);
        tree = with;
    }
    let tree = tree.start();
    let (before, began) = (cpu_ticks()?, Instant::now());
    tokio::time::sleep(Duration::from_secs(20)).await;
    let share = (cpu_ticks()? - before) as f64 / began.elapsed().as_secs_f64();
    println!("12 idle actors for 20 s: {share:.2} % of a core (in steps of 0.05)");
    tree.stop().await;
    Ok(())
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// `VmRSS` of this process; Linux only.
fn resident_kib() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// User and system time of this process, in hundredths of a second; Linux only.
fn cpu_ticks() -> Outcome<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no process name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).ok_or("short stat")?.parse::<u64>().map_err(Box::<dyn Error>::from);
    Ok(ticks(11)? + ticks(12)?)
}
