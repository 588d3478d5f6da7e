//! How a series ends, what is left out of it, and what is refused.

use super::*;

#[test]
fn until_includes_an_occurrence_that_starts_exactly_then() {
    let bogota = Tz::America__Bogota;
    for (until, expected) in [("20260615T130000Z", 3), ("20260615T125959Z", 2)] {
        let rule = format!("FREQ=WEEKLY;UNTIL={until}");
        assert_eq!(dates(bogota, "2026-06-01 08:00", &rule).len(), expected, "{rule}");
    }
}

#[test]
fn until_as_a_date_is_the_whole_local_day() {
    // 23:00 in Bogota on 15 June is already 16 June in UTC.
    let late = |until| dates(Tz::America__Bogota, "2026-06-01 23:00", &format!("FREQ=WEEKLY;UNTIL={until}"));
    assert_eq!(late("20260615"), ["2026-06-01", "2026-06-08", "2026-06-15"]);
    assert_eq!(late("20260614"), ["2026-06-01", "2026-06-08"]);
    assert_eq!(late("20260615T235959Z"), ["2026-06-01", "2026-06-08"]);
}

#[test]
fn the_week_start_decides_which_days_share_a_second_week() {
    // The example of RFC 5545 section 3.8.5.3 ("An example where the days generated makes a difference").
    let new_york = Tz::America__New_York;
    for (week_start, expected) in [
        ("MO", ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"]),
        ("SU", ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"]),
    ] {
        let rule = format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week_start}");
        assert_eq!(dates(new_york, "1997-08-05 09:00", &rule), expected);
    }
}

#[test]
fn exdates_leave_out_and_do_not_extend_the_count() {
    let zone = Tz::America__Bogota;
    let start = local(zone, "2026-06-01 08:00");
    let week = TimeDelta::weeks(1);
    let rule = Rule::parse("FREQ=WEEKLY;COUNT=4").unwrap();
    let exdates = [start + week, start + week, start + TimeDelta::days(1)];
    let found = expand(start, start + TimeDelta::hours(1), zone, &rule, &exdates).unwrap();
    let found: Vec<_> = found.iter().map(|found| found.start).collect();
    assert_eq!(found, [start, start + week * 2, start + week * 3]);
}

#[test]
fn a_series_that_overlaps_itself_is_refused() {
    let bogota = Tz::America__Bogota;
    let rule = "FREQ=WEEKLY;BYDAY=MO,TU;COUNT=2";
    assert!(series(bogota, "2026-06-01 08:00", 24 * 60, rule).is_ok());
    let refused = series(bogota, "2026-06-01 08:00", 24 * 60 + 1, rule).unwrap_err();
    assert!(matches!(refused, RuleError::SelfOverlap { .. }));
    // The day the clocks go forward has 23 hours.
    let refused = series(Tz::America__New_York, "2026-03-07 08:00", 24 * 60, "FREQ=WEEKLY;BYDAY=SA,SU;COUNT=2");
    assert!(matches!(refused, Err(RuleError::SelfOverlap { .. })));
}

#[test]
fn more_occurrences_than_the_limit_are_refused_with_the_limit() {
    let bogota = Tz::America__Bogota;
    let all_days = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU";
    let full = series(bogota, "2026-01-01 08:00", 60, &format!("{all_days};UNTIL=20270204"));
    assert_eq!(full.unwrap().len(), usize::from(MAX_OCCURRENCES));
    let refused = series(bogota, "2026-01-01 08:00", 60, &format!("{all_days};UNTIL=99991231"));
    assert_eq!(refused, Err(RuleError::TooMany));
    assert!(RuleError::TooMany.to_string().contains("400"));
}

#[test]
fn a_first_occurrence_that_does_not_fit_the_rule_is_refused() {
    let bogota = Tz::America__Bogota;
    let refused = series(bogota, "2026-06-01 08:00", 60, "FREQ=WEEKLY;BYDAY=TU;COUNT=2");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("2026-06-01, a Mon in America/Bogota"), "{text}");
    let refused = series(bogota, "2026-06-01 08:00", 60, "FREQ=WEEKLY;UNTIL=20260531");
    assert!(matches!(refused, Err(RuleError::EndsBeforeStart { .. })));
    for minutes in [0, -60] {
        let refused = series(bogota, "2026-06-01 08:00", minutes, "FREQ=WEEKLY;COUNT=2");
        assert!(matches!(refused, Err(RuleError::FirstOccurrence { .. })));
    }
}

#[test]
fn the_ends_of_the_calendar_are_refused_without_a_panic() {
    let rule = Rule::parse("FREQ=WEEKLY;INTERVAL=52;COUNT=400").unwrap();
    for (start, end) in [
        (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC),
        (utc("2026-01-01T00:00:00Z"), DateTime::<Utc>::MAX_UTC),
        (DateTime::<Utc>::MIN_UTC, utc("2026-01-01T00:00:00Z")),
    ] {
        let refused = expand(start, end, Tz::Pacific__Kiritimati, &rule, &[]);
        assert!(matches!(refused, Err(RuleError::FirstOccurrence { .. })));
    }
    for start in ["0001-01-01T00:00:00Z", "9000-12-31T22:59:59Z"] {
        let end = utc(start) + TimeDelta::hours(1);
        let found = expand(utc(start), end, Tz::Asia__Manila, &rule, &[]);
        assert_eq!(found.unwrap().len(), 400);
    }
}
