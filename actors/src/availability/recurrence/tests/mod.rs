//! Expansion in zones with every kind of clock change, and the laws that hold in all of them.

mod laws;
mod limits;
mod zones;

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::*;

/// A local time of `zone` that exists exactly once.
fn local(zone: Tz, text: &str) -> DateTime<Utc> {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    zone.from_local_datetime(&naive).single().unwrap().to_utc()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn series(zone: Tz, first: &str, minutes: i64, rule: &str) -> Result<Vec<Occurrence>, RuleError> {
    let start = local(zone, first);
    let rule = Rule::parse(rule).unwrap();
    expand(start, start + TimeDelta::minutes(minutes), zone, &rule, &[])
}

/// Starts as local text with the UTC offset.
fn starts(zone: Tz, first: &str, rule: &str) -> Vec<String> {
    let format = |found: &Occurrence| {
        let start = found.start.with_timezone(&zone);
        start.format("%Y-%m-%d %H:%M %:z").to_string()
    };
    let found = series(zone, first, 60, rule).unwrap();
    found.iter().map(format).collect()
}

fn dates(zone: Tz, first: &str, rule: &str) -> Vec<String> {
    let starts = starts(zone, first, rule);
    starts.iter().map(|start| start[..10].to_owned()).collect()
}
