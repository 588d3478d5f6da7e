//! Everything that a list of the API holds, page by page.

use serde_json::Value;

use crate::harness::{Client, settle};

/// Every item of the list at `path`.
pub fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = client.get(&format!("{path}{joint}limit=200{cursor}")).expect(200);
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Waits until so many events of this type are listed: on PostgreSQL the list ends before the first open transaction.
/// More of them fail the test. Gives the number of all events.
pub fn settle_events(administrator: &Client, event_type: &str, expected: usize) -> usize {
    settle("the events are listed", || {
        let listed = all(administrator, &format!("/events?type={event_type}")).len();
        assert!(listed <= expected, "{listed} {event_type}, expected {expected}");
        (listed == expected).then_some(())
    });
    all(administrator, "/events").len()
}

/// The text of a field.
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}")).to_owned()
}
