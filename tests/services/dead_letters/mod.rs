//! Dead letters as operators meet them, over HTTP and at the command line: events that the database refused for real.

mod bulk;
mod command_line;
mod deciding;
mod editing;
mod looking;
mod refusals;

use std::ops::Deref;

use chrono::Weekday;
use serde_json::{Value, json};

use super::campus::{Campus, id, items, next_week, wish};
use crate::harness::{Engine, settle};
use refusals::Refusals;

const PATH: &str = "/admin/dead-letters";

/// One scheduled attempt, so that a letter waits for an operator soon.
const POLICY: &str = "[retry.default]\npolicy = \"fixed\"\ndelay_ms = 50\nattempts = 1\n";
/// Failed attempts until then: three in place and the scheduled one.
const ATTEMPTS: u64 = 4;

/// A campus whose reports can be kept from handling events.
struct Scene {
    campus: Campus,
    refusals: Refusals,
}

impl Deref for Scene {
    type Target = Campus;

    fn deref(&self) -> &Campus {
        &self.campus
    }
}

impl Scene {
    fn set(engine: Engine) -> Self {
        let campus = Campus::start_with(engine, POLICY);
        let refusals = Refusals::begin(&campus);
        Self { campus, refusals }
    }

    /// A new room, and its reservation, whose event of this version the reports cannot handle.
    fn refused(&self, code: &str, version: i64) -> (String, String) {
        let room = self.room(code);
        self.refusals.refuse(&room, version);
        (room.clone(), self.reserve(&room))
    }

    fn reserve(&self, room: &str) -> String {
        let body = wish(room, next_week(Weekday::Mon, 8), 60);
        id(&self.administrator.post("/reservations", &body).expect(201))
    }

    /// Makes so many events more of a reservation.
    fn edit(&self, reservation: &str, times: usize) {
        for _ in 0..times {
            // An edit that changes nothing makes no event.
            let body = json!({"purpose": uuid::Uuid::now_v7()});
            self.administrator.patch(&format!("/reservations/{reservation}"), &body).expect(200);
        }
    }

    fn letters(&self, query: &str) -> Vec<Value> {
        items(&self.administrator.get(&format!("{PATH}?{query}")).expect(200))
    }

    /// The letters that match, once there are so many.
    fn wait_for_letters(&self, query: &str, count: usize) -> Vec<Value> {
        settle(&format!("there are {count} letters with {query}"), || {
            Some(self.letters(query)).filter(|letters| letters.len() == count)
        })
    }

    /// The identifier of the aggregate's letter that waits for an operator.
    fn failed(&self, aggregate: &str) -> String {
        id(&self.wait_for_letters(&format!("state=failed&aggregateId={aggregate}"), 1)[0])
    }

    fn show(&self, letter: &str) -> Value {
        self.administrator.get(&format!("{PATH}/{letter}")).expect(200)
    }

    /// A letter with all that is known of it, once it is in this state.
    fn becomes(&self, letter: &str, state: &str) -> Value {
        settle(&format!("the letter is {state}"), || Some(self.show(letter)).filter(|shown| shown["state"] == state))
    }

    fn counts(&self) -> Value {
        self.administrator.get(&format!("{PATH}/stats")).expect(200)
    }
}

/// What was done to a letter: the operations' names.
fn operations(shown: &Value) -> Vec<&str> {
    shown["operations"].as_array().expect("operations").iter().filter_map(|one| one["operation"].as_str()).collect()
}
