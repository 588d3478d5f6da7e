//! A local time of day as `HH:MM`; seconds are written only when there are any, and may be left out.

use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Deserializer, Serializer, de};

/// The wire form as a regular expression.
pub(super) const PATTERN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$";

pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
    let format = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    serializer.collect_str(&time.format(format))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M:%S"))
        .map_err(|_| de::Error::custom(format_args!("\"{text}\" is not a time of day such as 06:30")))
}
