//! Values for examples: stable, recognisable, and nobody's.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Fields;

/// A version 7 UUID that ends in `number`; the same number is the same thing in every example.
const fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0199_b8a4_6c00_7000_8000_0000_0000_0000 | number)
}

pub(crate) const EVENT: Uuid = id(0xe0);
pub(crate) const CAUSE: Uuid = id(0xe1);
pub(crate) const CORRELATION: Uuid = id(0xe2);
pub(crate) const USER: Uuid = id(0x01);
pub(crate) const STAFF: Uuid = id(0x02);
pub(crate) const ROLE: Uuid = id(0x03);
pub(crate) const PERMISSION: Uuid = id(0x04);
pub(crate) const SESSION: Uuid = id(0x05);
pub(crate) const RESOURCE: Uuid = id(0x10);
pub(crate) const CATEGORY: Uuid = id(0x11);
pub(crate) const OTHER_CATEGORY: Uuid = id(0x12);
pub(crate) const PROGRAM: Uuid = id(0x13);
pub(crate) const MAINTENANCE: Uuid = id(0x14);
pub(crate) const RESERVATION: Uuid = id(0x20);
pub(crate) const SERIES: Uuid = id(0x21);
pub(crate) const WAITING_LIST: Uuid = id(0x22);
pub(crate) const CONFLICT: Uuid = id(0x23);
pub(crate) const APPROVAL: Uuid = id(0x30);
pub(crate) const DOCUMENT: Uuid = id(0x31);
pub(crate) const CHECK_IN: Uuid = id(0x32);
pub(crate) const REPORT: Uuid = id(0x40);
pub(crate) const FEEDBACK: Uuid = id(0x41);
pub(crate) const DASHBOARD: Uuid = id(0x42);

pub(crate) fn email() -> String {
    "student@university.example".to_owned()
}

/// An instant on the day of all examples, Monday 2 March 2026.
pub(crate) fn at(time: &str) -> DateTime<Utc> {
    format!("2026-03-02T{time}:00Z").parse().expect("examples give hours and minutes")
}

pub(crate) fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
