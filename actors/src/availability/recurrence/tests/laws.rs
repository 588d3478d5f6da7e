//! The laws of expansion, against a slow and independent walk over the calendar.

use chrono::{Datelike, Days};
use proptest::prelude::*;

use super::*;

const ZONES: [Tz; 9] = [
    Tz::America__Bogota,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
    Tz::Europe__Kyiv,
    Tz::Asia__Kolkata,
    Tz::Asia__Beirut,
    Tz::Africa__Casablanca,
    Tz::America__Santiago,
];

#[derive(Clone, Debug)]
struct Case {
    zone: Tz,
    start: DateTime<Utc>,
    duration: TimeDelta,
    rule: Rule,
}

/// Series whose first local day is always in `BYDAY`, biased to the hours in which clocks change.
fn any_case() -> impl Strategy<Value = Case> {
    let zone = proptest::sample::select(&ZONES[..]);
    let end = prop_oneof![
        (1..=60_u16).prop_map(End::Count),
        (0..300_u64).prop_map(|days| End::Day(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(900 + days))),
    ];
    let day = 0..900_i64;
    let minute = prop_oneof![0..240_i64, 0..1440_i64];
    let days = proptest::collection::vec(0..7_u8, 0..4);
    (zone, day, minute, 1..23 * 60_i64, 1..=3_u8, days, 0..7_u8, end).prop_map(
        |(zone, day, minute, length, interval, days, week_start, end)| {
            let local = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_time(chrono::NaiveTime::MIN)
                + TimeDelta::minutes(day * 1440 + minute);
            let start = zone.from_local_datetime(&local).earliest();
            let start = start.map_or_else(|| local.and_utc(), |start| start.to_utc());
            let mut days: chrono::WeekdaySet = days.into_iter().map(|day| Weekday::try_from(day).unwrap()).collect();
            if !days.is_empty() {
                days.insert(start.with_timezone(&zone).weekday());
            }
            let week_start = Weekday::try_from(week_start).unwrap();
            Case { zone, start, duration: TimeDelta::minutes(length), rule: Rule { interval, days, end, week_start } }
        },
    )
}

/// The dates of a series by walking every day of the calendar: slow, and independent of `expand`.
fn walked(case: &Case) -> Vec<NaiveDate> {
    let first = case.start.with_timezone(&case.zone).date_naive();
    let week = |date: NaiveDate| {
        let into = date.weekday().days_since(case.rule.week_start);
        (date.num_days_from_ce() - i32::try_from(into).unwrap()) / 7
    };
    let wanted = |date: &NaiveDate| match case.rule.days.is_empty() {
        true => date.weekday() == first.weekday(),
        false => case.rule.days.contains(date.weekday()),
    };
    let dates = first
        .iter_days()
        .filter(wanted)
        .filter(|date| (week(*date) - week(first)) % i32::from(case.rule.interval) == 0);
    match case.rule.end {
        End::Count(count) => dates.take(usize::from(count)).collect(),
        End::Day(until) => dates.take_while(|date| *date <= until).take(401).collect(),
        End::Instant(_) => unreachable!("the cases end by count or day"),
    }
}

proptest! {
    #[test]
    fn the_rule_of_time_holds(case in any_case()) {
        let dates = walked(&case);
        let found = expand(case.start, case.start + case.duration, case.zone, &case.rule, &[]);
        if dates.len() > usize::from(MAX_OCCURRENCES) {
            prop_assert_eq!(found, Err(RuleError::TooMany));
            return Ok(());
        }
        let found = found.unwrap();
        prop_assert_eq!(found.len(), dates.len());
        let time = case.start.with_timezone(&case.zone).time();
        for (occurrence, date) in found.iter().zip(dates) {
            prop_assert_eq!(occurrence.end - occurrence.start, case.duration);
            let meant = date.and_time(time);
            let start = occurrence.start.with_timezone(&case.zone).naive_local();
            if case.zone.from_local_datetime(&meant).earliest().is_some() {
                prop_assert_eq!(start, meant);
            } else {
                // No gap in these years is longer than an hour.
                prop_assert!(start > meant && start - meant <= TimeDelta::hours(1));
            }
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn exdates_take_away_exactly_themselves(case in any_case(), picks in proptest::collection::vec(0..60_usize, 0..9)) {
        let end = case.start + case.duration;
        let Ok(all) = expand(case.start, end, case.zone, &case.rule, &[]) else { return Ok(()) };
        let exdates: Vec<_> = picks.iter().filter_map(|pick| all.get(*pick)).map(|gone| gone.start).collect();
        let left = expand(case.start, end, case.zone, &case.rule, &exdates).unwrap();
        let expected: Vec<_> = all.into_iter().filter(|kept| !exdates.contains(&kept.start)).collect();
        prop_assert_eq!(left, expected);
    }
}
