//! Planners who fill many rooms with reservations and never give up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};

use crate::harness::{Client, Installation, settle_within};
use crate::journeys::crowd::next_monday;

/// Half hours between the opening hours of a day.
const SLOTS: usize = 32;
/// Days that can be booked ahead, Sundays left out.
const DAYS: usize = 18;
/// How far planners get ahead of the story, so that each of its blows falls while they work.
const AHEAD: usize = 500;

/// Lets the planners go all the way when the story is over, or has failed.
struct Opened<'a>(&'a AtomicUsize);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }
}

/// Rooms to fill, and how far that is.
pub struct Planners {
    rooms: Vec<String>,
    client: Mutex<Client>,
    next: AtomicUsize,
    /// How far the story lets them go.
    bound: AtomicUsize,
    /// Reservations made so far.
    pub made: AtomicUsize,
}

impl Planners {
    /// Makes the rooms for so many reservations.
    pub fn gather(installation: &Installation, reservations: usize) -> Self {
        let administrator = installation.administrator();
        let rooms = (0..reservations.div_ceil(SLOTS * DAYS)).map(|number| room(&administrator, number)).collect();
        installation.settle_events();
        let [next, bound, made] = std::array::from_fn(|_| AtomicUsize::new(0));
        Self { rooms, client: Mutex::new(administrator), next, bound, made }
    }

    /// The installation has started anew, perhaps elsewhere.
    pub fn follow(&self, installation: &Installation) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = installation.administrator();
    }

    /// Makes `more` reservations after those made before.
    pub fn fill_on(&self, more: usize, meanwhile: impl FnOnce()) {
        self.fill(self.made.load(Ordering::Relaxed) + more, meanwhile);
    }

    /// Makes `total` reservations with 16 clients while `meanwhile` runs, never far ahead of what it waited for. Every tenth
    /// is edited, every twentieth called off.
    pub fn fill(&self, total: usize, meanwhile: impl FnOnce()) {
        let made = self.made.load(Ordering::Relaxed);
        self.next.store(made, Ordering::Relaxed);
        self.bound.store(made + AHEAD, Ordering::Relaxed);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    loop {
                        let number = self.next.fetch_add(1, Ordering::Relaxed);
                        if number >= total {
                            break;
                        }
                        self.wait_to_make(number);
                        self.one(number);
                    }
                });
            }
            let _opened = Opened(&self.bound);
            meanwhile();
        });
    }

    fn wait_to_make(&self, number: usize) {
        settle_within(Duration::from_secs(240), "the story goes on", || {
            (number < self.bound.load(Ordering::Relaxed)).then_some(())
        });
    }

    /// Waits until so many reservations are made.
    pub fn wait_for(&self, made: usize) {
        self.bound.fetch_max(made + AHEAD, Ordering::Relaxed);
        settle_within(Duration::from_secs(240), "reservations go on being made", || {
            (self.made.load(Ordering::Relaxed) >= made).then_some(())
        });
    }

    fn one(&self, number: usize) {
        let body = self.wish(number);
        let id = self.insist("POST", "/reservations", &body);
        self.made.fetch_add(1, Ordering::Relaxed);
        let Some(id) = id else { return };
        if number.is_multiple_of(10) {
            self.insist("PATCH", &format!("/reservations/{id}"), &json!({"purpose": format!("number {number}")}));
        }
        if number.is_multiple_of(20) {
            self.insist("POST", &format!("/reservations/{id}/cancel"), &json!({}));
        }
    }

    /// Sends until it is answered. Whatever was done already, without an answer, is a conflict the next time.
    fn insist(&self, method: &str, path: &str, body: &Value) -> Option<String> {
        settle_within(Duration::from_secs(120), "the server is back", || {
            let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let sent = client.try_send(method, path, &[("content-type", "application/json")], body.to_string().into());
            let answer = sent.ok()?;
            match answer.status {
                200 | 201 => Some(answer.json()["id"].as_str().map(str::to_owned)),
                409 | 422 => Some(None),
                _ => None,
            }
        })
    }

    fn wish(&self, number: usize) -> Value {
        let (room, place) = (number / (SLOTS * DAYS), number % (SLOTS * DAYS));
        let (day, slot) = (place / SLOTS, place % SLOTS);
        let day = next_monday() + Days::new((day + day / 6).try_into().expect("days"));
        let start = day + TimeDelta::hours(6) + TimeDelta::minutes(30 * i64::try_from(slot).expect("a slot"));
        json!({"resourceId": self.rooms[room], "startTime": start, "endTime": start + TimeDelta::minutes(30)})
    }
}

fn room(administrator: &Client, number: usize) -> String {
    let body = json!({"code": format!("P{number}"), "name": format!("Room {number}"), "type": "CLASSROOM"});
    administrator.post("/resources", &body).expect(201)["id"].as_str().expect("an id").to_owned()
}
