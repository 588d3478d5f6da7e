//! The process dies in the middle of the herd, again and again.

use std::sync::atomic::Ordering;

use super::book::Book;
use super::crowd::Crowd;
use super::dice::Dice;
use super::listing::settle_events;
use crate::harness::{Installation, on_each_engine, settle};

/// How often it dies.
const DEATHS: u64 = 4;
/// Attempts after the last of them.
const ATTEMPTS: usize = 500;

on_each_engine! {
    what_was_answered_is_still_there(engine) {
        let mut installation = Installation::start(engine);
        let crowd = Crowd::gather(&installation, 2);
        let mut dice = Dice::new(7);
        let mut book = Book::default();
        for death in 0..DEATHS {
            let clients = crowd.clients(&installation);
            let enough = crowd.answers.load(Ordering::Relaxed) + 100 + dice.roll(400);
            book.merge(crowd.fight_until(&clients, death, usize::MAX, || {
                settle("enough answers", || (crowd.answers.load(Ordering::Relaxed) >= enough).then_some(()));
                installation.kill();
            }));
            installation.run();
            book.compare(&installation.administrator());
        }
        book.merge(crowd.fight(&installation, DEATHS, ATTEMPTS));
        book.tell(&format!("herd that was killed {DEATHS} times"));
        assert!(book.lost > 0, "nobody noticed that the server died");

        installation.check();
        let administrator = installation.administrator();
        let stored = book.compare(&administrator);
        settle_events(&administrator, "reservation.created", stored);
        let all_time = administrator.get("/reports/usage?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z").expect(200);
        let counted = all_time["items"].as_array().expect("items").iter().map(|item| item["reservations"].as_u64());
        let counted: u64 = counted.map(|count| count.expect("a count")).sum();
        assert_eq!(usize::try_from(counted), Ok(stored));
    }
}
