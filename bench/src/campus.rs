//! Resources made over HTTP, and bookings of them that never collide.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::Outcome;
use crate::http::request;
use crate::program::Client;
use crate::slots::{Slot, Slots};

/// Resources, and how many bookings of them were asked for.
pub struct Campus {
    resources: Vec<String>,
    slots: Slots,
    asked: AtomicUsize,
}

impl Campus {
    /// Makes so many resources, with the usual rules, and waits until they can be booked.
    ///
    /// # Errors
    /// When one is refused.
    pub fn build(client: &Client, count: usize) -> Outcome<Self> {
        let campus = Self::make(client, count)?;
        client.settle()?;
        Ok(campus)
    }

    /// Makes so many resources, which can be booked when their events are delivered.
    ///
    /// # Errors
    /// When one is refused.
    pub fn make(client: &Client, count: usize) -> Outcome<Self> {
        let run: u32 = fastrand::u32(..);
        let make = |number: usize| {
            let room = json!({"code": format!("B{run:08x}-{number}"), "name": format!("Room {number}"),
                "type": "LABORATORY", "capacity": 30,
                "location": {"building": "Bench", "floor": "1", "room": number.to_string()}});
            let made = client.post("/resources", &room)?;
            Ok(made["id"].as_str().ok_or("a resource without an id")?.to_owned())
        };
        let resources: Vec<String> = (0..count).map(make).collect::<Outcome<_>>()?;
        Ok(Self { resources, slots: Slots::coming(), asked: AtomicUsize::new(0) })
    }

    /// The same resources with the same bookings: in a copy of the database.
    pub fn copy(&self) -> Self {
        let asked = AtomicUsize::new(self.asked.load(Ordering::Relaxed));
        Self { resources: self.resources.clone(), slots: self.slots.clone(), asked }
    }

    /// The resources' identifiers.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The request for a booking that nobody has asked for yet; `None` when all is booked.
    pub fn next_booking(&self, token: &str) -> Option<Vec<u8>> {
        let (resource, slot) = self.next_place()?;
        Some(booking(token, resource, slot))
    }

    /// What nobody has asked for yet: every resource in turn, then a half hour later. `None` when all is booked.
    pub fn next_place(&self) -> Option<(&str, Slot)> {
        self.place(self.asked.fetch_add(1, Ordering::Relaxed))
    }

    fn place(&self, number: usize) -> Option<(&str, Slot)> {
        let resource = self.resources.get(number.checked_rem(self.resources.len())?)?;
        Some((resource, self.slots.nth(number / self.resources.len())?))
    }
}

/// The request for a booking.
pub fn booking(token: &str, resource: &str, slot: Slot) -> Vec<u8> {
    let (from, to) = slot.texts();
    let body = format!(
        r#"{{"resourceId":"{resource}","startTime":"{from}","endTime":"{to}","purpose":"Measuring reservations"}}"#
    );
    request("POST", "/api/v1/reservations", token, &body)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_booking_is_another_one_and_all_come() {
        let resources = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let campus = Campus { resources, slots: Slots::coming(), asked: AtomicUsize::new(0) };
        let all: Vec<Vec<u8>> = std::iter::from_fn(|| campus.next_booking("t")).collect();
        assert_eq!(all.len(), 3 * campus.slots.count());
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        let (first, second) = (campus.place(0).unwrap(), campus.place(1).unwrap());
        assert_eq!((first.0, second.0, first.1), ("a", "b", second.1));
        assert!(campus.next_booking("t").is_none());
    }
}
