//! A crowd of clients who fight for the same rooms.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc};
use serde_json::json;

use super::book::{Book, Claim};
use super::dice::Dice;
use super::listing::text;
use crate::harness::{Client, Installation};

/// Clients at once.
const CLIENTS: usize = 32;
/// Accounts that they share.
const ACCOUNTS: usize = 4;
/// Of so many refusals, one makes the client call off something that it has.
const CANCELLATION: usize = 20;
/// Starts and ends lie on this grid, in minutes.
const GRID: usize = 15;

/// Clients, and what they fight for.
pub struct Crowd {
    rooms: Vec<String>,
    tokens: Vec<String>,
    monday: DateTime<Utc>,
    /// Answers to attempts so far.
    pub answers: AtomicUsize,
}

impl Crowd {
    /// Logs the clients in and makes the rooms.
    pub fn gather(installation: &Installation, rooms: usize) -> Self {
        let administrator = installation.administrator();
        let tokens = (0..ACCOUNTS).map(|number| token(&administrator, installation, number)).collect();
        let rooms = (0..rooms).map(|number| room(&administrator, number)).collect();
        installation.settle_events();
        Self { rooms, tokens, monday: next_monday(), answers: AtomicUsize::new(0) }
    }

    /// Makes the clients try until `attempts` were made or the server is gone.
    pub fn fight(&self, installation: &Installation, seed: u64, attempts: usize) -> Book {
        self.fight_until(&self.clients(installation), seed, attempts, || ())
    }

    /// As [`Crowd::fight`], with these clients; `meanwhile` runs beside them.
    pub fn fight_until(&self, clients: &[Client], seed: u64, attempts: usize, meanwhile: impl FnOnce()) -> Book {
        let left = AtomicUsize::new(attempts);
        let mut whole = Book::default();
        std::thread::scope(|scope| {
            let mut fighters = Vec::new();
            for (number, client) in (0_u64..).zip(clients) {
                let (dice, left) = (Dice::new(seed * 1_000 + number), &left);
                fighters.push(scope.spawn(move || self.one(client, dice, left)));
            }
            meanwhile();
            for fighter in fighters {
                whole.merge(fighter.join().expect("a client does not panic"));
            }
        });
        whole
    }

    /// The clients, each with connections of its own.
    pub fn clients(&self, installation: &Installation) -> Vec<Client> {
        let token = |number| &self.tokens[number % self.tokens.len()];
        (0..CLIENTS).map(|number| installation.anonymous().with_token(token(number))).collect()
    }

    fn one(&self, client: &Client, mut dice: Dice, left: &AtomicUsize) -> Book {
        let mut book = Book::default();
        let take = |left: usize| left.checked_sub(1);
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            if self.attempt(client, &mut dice, &mut book).is_err() {
                break;
            }
        }
        book
    }

    /// # Errors
    /// When no answer came.
    fn attempt(&self, client: &Client, dice: &mut Dice, book: &mut Book) -> Result<(), ureq::Error> {
        let claim = self.wish(dice);
        let body = json!({"resourceId": claim.room, "startTime": claim.start, "endTime": claim.end});
        let began = Instant::now();
        let answer = post(client, "/reservations", &body.to_string()).inspect_err(|_| book.lost += 1)?;
        book.waits.push(began.elapsed());
        self.answers.fetch_add(1, Ordering::Relaxed);
        *book.statuses.entry(answer.status).or_default() += 1;
        match answer.status {
            201 => {
                book.granted.insert(text(&answer.json(), "id"), claim);
            }
            409 => {
                answer.refused(409, "reservation.conflict");
                book.refused.push(claim);
                if dice.roll(CANCELLATION) == 0 {
                    cancel(client, dice, book)?;
                }
            }
            503 => {}
            _ => panic!("{} {}", answer.status, answer.text),
        }
        Ok(())
    }

    /// Half an hour to three hours within the opening hours of two weeks.
    fn wish(&self, dice: &mut Dice) -> Claim {
        let (day, week) = (dice.roll(6), dice.roll(2));
        let quarters = 2 + dice.roll(11);
        let start = dice.roll(16 * 60 / GRID - quarters + 1);
        let minutes = |quarters: usize| TimeDelta::minutes(i64::try_from(quarters * GRID).expect("minutes of a day"));
        let opening = self.monday + Days::new((week * 7 + day).try_into().expect("days")) + TimeDelta::hours(6);
        let start = opening + minutes(start);
        Claim { room: self.rooms[dice.roll(self.rooms.len())].clone(), start, end: start + minutes(quarters) }
    }
}

fn cancel(client: &Client, dice: &mut Dice, book: &mut Book) -> Result<(), ureq::Error> {
    let open = |id: &&String| !book.cancelled.contains(*id) && !book.unclear.contains(*id);
    let live: Vec<&String> = book.granted.keys().filter(open).collect();
    if live.is_empty() {
        return Ok(());
    }
    let id = live[dice.roll(live.len())].clone();
    let answer = post(client, &format!("/reservations/{id}/cancel"), "{}");
    if answer.is_err() {
        book.unclear.insert(id.clone());
    }
    match answer?.status {
        200 => book.cancelled.insert(id),
        // Like no answer: what was done may have been done before the database was gone.
        503 => book.unclear.insert(id),
        other => panic!("{other} to a cancellation"),
    };
    Ok(())
}

fn post(client: &Client, path: &str, body: &str) -> Result<crate::harness::Answer, ureq::Error> {
    client.try_send("POST", path, &[("content-type", "application/json")], body.into())
}

fn token(administrator: &Client, installation: &Installation, number: usize) -> String {
    let (email, password) = (format!("planner{number}@test.bookly.local"), "correct horse battery");
    let user = json!({"email": email, "name": "Planner", "password": password, "roles": ["PROGRAM_ADMIN"]});
    administrator.post("/users", &user).expect(201);
    let login = json!({"email": email, "password": password});
    text(&installation.anonymous().post("/auth/login", &login).expect(200), "accessToken")
}

fn room(administrator: &Client, number: usize) -> String {
    let body = json!({"code": format!("H{number}"), "name": format!("Room {number}"), "type": "CLASSROOM"});
    text(&administrator.post("/resources", &body).expect(201), "id")
}

/// Midnight of the next Monday on the campus in Bogota (UTC-5, without daylight saving).
pub fn next_monday() -> DateTime<Utc> {
    let today = (Utc::now() - TimeDelta::hours(5)).date_naive();
    let monday = today + Days::new(7 - u64::from(today.weekday().num_days_from_monday()));
    monday.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(5)
}
