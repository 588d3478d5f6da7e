//! Readers of one key that is not in the cache: the first one flies to the database, the others wait for what it brings.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::entry::Place;
use super::key::Outdated;

/// What a flight brought.
#[derive(Clone)]
pub(super) enum Landing {
    /// This outcome, which was true when the flight landed.
    Current(Arc<dyn Any + Send + Sync>),
    /// Something that was forgotten while it was read: true for who set out before, perhaps not for who joined later.
    Doubtful,
}

type Board = HashMap<String, Flight>;

struct Flight {
    number: u64,
    places: Vec<Place>,
    landing: watch::Receiver<Option<Landing>>,
}

/// The flights on their way.
#[derive(Default)]
pub(super) struct Flights {
    board: Arc<Mutex<(u64, Board)>>,
}

/// A reader's part in a flight.
pub(super) enum Part {
    /// It flies.
    Pilot(Pilot),
    /// It waits. The channel closes without a landing when the pilot went away.
    Passenger(watch::Receiver<Option<Landing>>),
}

/// Who flies. Dropped without [`Pilot::land`], its passengers set out anew.
pub(super) struct Pilot {
    name: String,
    number: u64,
    landing: watch::Sender<Option<Landing>>,
    board: Arc<Mutex<(u64, Board)>>,
}

impl Flights {
    /// Joins the flight for these places, or begins one.
    pub fn join(&self, places: &[&Place]) -> Part {
        let name = places.iter().map(|place| place.key.as_str()).collect::<Vec<_>>().join("\n");
        let mut board = lock(&self.board);
        if let Some(flight) = board.1.get(&name) {
            return Part::Passenger(flight.landing.clone());
        }
        let (sender, receiver) = watch::channel(None);
        board.0 += 1;
        let number = board.0;
        let places = places.iter().map(|place| (*place).clone()).collect();
        board.1.insert(name.clone(), Flight { number, places, landing: receiver });
        Part::Pilot(Pilot { name, number, landing: sender, board: Arc::clone(&self.board) })
    }

    /// Lets nobody join flights any more that set out for what is now outdated.
    pub fn close(&self, outdated: &[Outdated]) {
        let touches = |place: &Place| {
            outdated.iter().any(|outdated| match outdated {
                Outdated::Key(key) => *key == place.key,
                Outdated::Group(group) => place.group.as_ref() == Some(group),
            })
        };
        lock(&self.board).1.retain(|_, flight| !flight.places.iter().any(touches));
    }

    /// Lets nobody join any flight that is on its way.
    pub fn close_all(&self) {
        lock(&self.board).1.clear();
    }
}

impl Pilot {
    /// Tells the passengers.
    pub fn land(self, landing: Landing) {
        // First off the board: who comes from now on finds what was stored.
        self.leave();
        self.landing.send_replace(Some(landing));
    }

    fn leave(&self) {
        let mut board = lock(&self.board);
        if board.1.get(&self.name).is_some_and(|flight| flight.number == self.number) {
            board.1.remove(&self.name);
        }
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.leave();
    }
}

fn lock(board: &Mutex<(u64, Board)>) -> MutexGuard<'_, (u64, Board)> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::key::Group;
    use super::*;

    fn place(key: &str) -> Place {
        Place { key: key.to_owned(), group: Some(Group::named("g")) }
    }

    fn pilot(part: Part) -> Pilot {
        match part {
            Part::Pilot(pilot) => pilot,
            Part::Passenger(_) => panic!("a flight was on its way"),
        }
    }

    fn passenger(part: Part) -> watch::Receiver<Option<Landing>> {
        match part {
            Part::Passenger(receiver) => receiver,
            Part::Pilot(_) => panic!("no flight was on its way"),
        }
    }

    #[test]
    fn one_flies_and_the_others_get_what_it_brings() {
        let flights = Flights::default();
        let pilot = pilot(flights.join(&[&place("a")]));
        let waiting = passenger(flights.join(&[&place("a")]));
        pilot.land(Landing::Current(Arc::new(7_u8)));
        let Some(Landing::Current(outcome)) = waiting.borrow().clone() else { panic!("nothing came") };
        assert_eq!(outcome.downcast_ref::<u8>(), Some(&7));
    }

    #[test]
    fn who_comes_after_a_change_does_not_join_a_flight_from_before() {
        for outdated in [Outdated::Key("a".to_owned()), Outdated::Group(Group::named("g"))] {
            let flights = Flights::default();
            let before = pilot(flights.join(&[&place("a")]));
            flights.close(&[outdated]);
            let after = pilot(flights.join(&[&place("a")]));
            before.land(Landing::Doubtful);
            passenger(flights.join(&[&place("a")]));
            drop(after);
            pilot(flights.join(&[&place("a")]));
        }
    }

    #[test]
    fn passengers_of_a_pilot_who_went_away_know_it() {
        let flights = Flights::default();
        let first = pilot(flights.join(&[&place("a")]));
        let waiting = passenger(flights.join(&[&place("a")]));
        drop(first);
        assert!(waiting.has_changed().is_err() && waiting.borrow().is_none());
    }
}
