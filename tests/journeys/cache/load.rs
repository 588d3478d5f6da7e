//! Readers who never stop, and a writer who looks whether they read what was written.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::figures::{Figures, Request};
use super::{Cached, last, openings};
use crate::harness::{Answer, Client};

/// Who read without a pause.
pub const READERS: usize = 8;
const ROOMS: usize = 4;
/// How long readers are looked at without trouble, twice.
const CALM: Duration = Duration::from_secs(3);
/// How often a trouble happens if the machine is disturbed meanwhile.
const ATTEMPTS: usize = 4;
/// More words of trouble than these tell nothing new.
const ENOUGH: usize = 20;

/// A load on an installation.
pub struct Load<'a> {
    cached: &'a Cached,
    rooms: Vec<Room>,
    over: AtomicBool,
    requests: Mutex<Vec<Request>>,
    controls: Mutex<Vec<Request>>,
    troubles: Mutex<Vec<String>>,
    writes: AtomicU64,
}

struct Room {
    path: String,
    /// The last name whose writing was answered: a number.
    name: AtomicU64,
}

/// Ends the load also when the story fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Load<'a> {
    /// Makes the rooms that are read.
    pub fn on(cached: &'a Cached) -> Self {
        let make = |number: usize| {
            let body = json!({"code": format!("L{number}"), "name": "0", "type": "CLASSROOM"});
            let id = cached.resource(&body);
            Room { path: format!("/resources/{id}"), name: AtomicU64::new(0) }
        };
        Self {
            cached,
            rooms: (0..ROOMS).map(make).collect(),
            over: AtomicBool::new(false),
            requests: Mutex::default(),
            controls: Mutex::default(),
            troubles: Mutex::default(),
            writes: AtomicU64::new(0),
        }
    }

    /// Reads and writes while `story` runs. No request may fail and none may read what is outdated.
    pub fn run(&self, story: impl FnOnce()) {
        std::thread::scope(|scope| {
            let _end = End(&self.over);
            let client = || self.cached.campus.administrator();
            for first in 0..READERS {
                let client = client();
                scope.spawn(move || self.read(&client, first));
            }
            let (writer, control) = (client(), self.cached.anonymous());
            scope.spawn(move || self.write(&writer));
            scope.spawn(move || self.control(&control));
            story();
        });
        println!("{} writes", self.writes.load(Ordering::Relaxed));
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(troubles.is_empty(), "{troubles:#?}");
    }

    /// What the readers experience without trouble.
    pub fn calm(&self) -> Figures {
        self.cached.hits_again("resource", 100);
        let part = || self.during("calm", || last(CALM));
        let calm = part().calmer(part());
        println!("{calm}");
        calm
    }

    /// Compares what the readers experience while `trouble` happens, until Redis is read again, with what they do without.
    /// If the machine is disturbed meanwhile it happens again; the last time counts in any case.
    pub fn endure(&self, calm: &Figures, name: &'static str, mut trouble: impl FnMut()) -> Figures {
        for _ in 1..ATTEMPTS {
            let figures = self.endure_once(name, &mut trouble);
            if !figures.is_disturbed(calm) {
                figures.compare(calm);
                return figures;
            }
            println!("again, the machine was disturbed: {figures}");
        }
        let figures = self.endure_once(name, &mut trouble);
        figures.compare(calm);
        figures
    }

    fn endure_once(&self, name: &'static str, trouble: &mut impl FnMut()) -> Figures {
        self.during(name, || {
            trouble();
            self.cached.hits_again("resource", 200);
        })
    }

    /// What the readers experience while `part` of the story runs.
    fn during(&self, name: &'static str, part: impl FnOnce()) -> Figures {
        let (began, before) = (Instant::now(), openings(self.cached));
        part();
        let (over, openings) = (Instant::now(), openings(self.cached) - before);
        let within = |requests: &Mutex<Vec<Request>>| -> Vec<Duration> {
            let requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.iter().filter(|one| one.began >= began && one.began <= over).map(|one| one.took).collect()
        };
        Figures::of(name, openings, within(&self.requests), within(&self.controls))
    }

    fn read(&self, client: &Client, first: usize) {
        for room in (0..ROOMS).cycle().skip(first) {
            if self.is_over() {
                return;
            }
            let room = &self.rooms[room];
            let answered = room.name.load(Ordering::SeqCst);
            let answer = timed(&self.requests, || client.get(&room.path));
            self.look(&answer, |name| name >= answered, &format!("{answered} was answered before"));
        }
    }

    /// Changes a room, then reads them all.
    fn write(&self, client: &Client) {
        for number in 1.. {
            if self.is_over() {
                return;
            }
            let room = &self.rooms[usize::try_from(number).expect("a number") % ROOMS];
            let answer = client.patch(&room.path, &json!({"name": number.to_string()}));
            self.look(&answer, |name| name == number, "it was just written");
            room.name.store(number, Ordering::SeqCst);
            self.writes.fetch_add(1, Ordering::Relaxed);
            for room in &self.rooms {
                let last = room.name.load(Ordering::SeqCst);
                self.look(&client.get(&room.path), |name| name == last, &format!("{last} was written last"));
            }
        }
    }

    /// Asks for what needs neither cache nor database: what is slow here, the machine is to blame for.
    fn control(&self, client: &Client) {
        while !self.is_over() {
            let answer = timed(&self.controls, || client.get("/health/live"));
            if answer.status != 200 {
                self.trouble(format!("{answer:?}"));
            }
        }
    }

    fn look(&self, answer: &Answer, is_right: impl FnOnce(u64) -> bool, why: &str) {
        let name = answer.json()["name"].as_str().and_then(|name| name.parse().ok());
        if answer.status != 200 || !name.is_some_and(is_right) {
            self.trouble(format!("{why}: {} {}", answer.status, answer.text));
        }
    }

    fn trouble(&self, words: String) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.len() < ENOUGH {
            troubles.push(words);
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

fn timed(requests: &Mutex<Vec<Request>>, ask: impl FnOnce() -> Answer) -> Answer {
    let began = Instant::now();
    let answer = ask();
    let request = Request { began, took: began.elapsed() };
    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    answer
}
