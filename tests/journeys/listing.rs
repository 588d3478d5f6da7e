//! Everything that a list of the API holds, page by page.

use serde_json::Value;

use crate::harness::Client;

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

/// How many events of this type are stored.
pub fn events(administrator: &Client, event_type: &str) -> usize {
    all(administrator, &format!("/events?type={event_type}")).len()
}

/// The text of a field.
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}")).to_owned()
}
