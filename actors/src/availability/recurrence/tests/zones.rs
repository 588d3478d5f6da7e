//! Clock changes of every kind, and the ends of months and years.

use super::*;

#[test]
fn bogota_has_no_clock_changes() {
    assert_eq!(
        starts(Tz::America__Bogota, "2026-12-24 06:00", "FREQ=WEEKLY;COUNT=3"),
        ["2026-12-24 06:00 -05:00", "2026-12-31 06:00 -05:00", "2027-01-07 06:00 -05:00"]
    );
}

#[test]
fn a_start_in_the_gap_moves_forward_by_its_length_for_that_day_only() {
    let found = starts(Tz::America__New_York, "2026-03-01 02:30", "FREQ=WEEKLY;COUNT=3");
    assert_eq!(found, ["2026-03-01 02:30 -05:00", "2026-03-08 03:30 -04:00", "2026-03-15 02:30 -04:00"]);
}

#[test]
fn a_start_in_the_fold_is_the_first_of_the_two() {
    let found = starts(Tz::America__New_York, "2026-10-25 01:30", "FREQ=WEEKLY;COUNT=3");
    assert_eq!(found, ["2026-10-25 01:30 -04:00", "2026-11-01 01:30 -04:00", "2026-11-08 01:30 -05:00"]);
}

#[test]
fn a_first_occurrence_in_the_second_half_of_the_fold_is_kept_as_given() {
    let start = utc("2026-11-01T06:30:00Z");
    let rule = Rule::parse("FREQ=WEEKLY;COUNT=2").unwrap();
    let end = start + TimeDelta::minutes(30);
    let found = expand(start, end, Tz::America__New_York, &rule, &[]).unwrap();
    assert_eq!(found[0], Occurrence { start, end });
    assert_eq!(found[1].start, utc("2026-11-08T06:30:00Z"));
}

#[test]
fn an_occurrence_across_a_clock_change_keeps_its_elapsed_length() {
    let found = series(Tz::America__New_York, "2026-03-01 01:00", 180, "FREQ=WEEKLY;COUNT=2");
    let found = found.unwrap();
    assert_eq!(found[1].end - found[1].start, TimeDelta::minutes(180));
    assert_eq!(found[1].end, local(Tz::America__New_York, "2026-03-08 05:00"));
}

#[test]
fn half_hour_and_quarter_hour_zones() {
    assert_eq!(
        starts(Tz::Australia__Lord_Howe, "2026-09-27 02:15", "FREQ=WEEKLY;COUNT=3"),
        ["2026-09-27 02:15 +10:30", "2026-10-04 02:45 +11:00", "2026-10-11 02:15 +11:00"]
    );
    assert_eq!(
        starts(Tz::Australia__Lord_Howe, "2026-03-29 01:45", "FREQ=WEEKLY;COUNT=3"),
        ["2026-03-29 01:45 +11:00", "2026-04-05 01:45 +11:00", "2026-04-12 01:45 +10:30"]
    );
    assert_eq!(
        starts(Tz::Pacific__Chatham, "2026-09-20 03:00", "FREQ=WEEKLY;COUNT=2"),
        ["2026-09-20 03:00 +12:45", "2026-09-27 04:00 +13:45"]
    );
    assert_eq!(
        starts(Tz::Pacific__Chatham, "2026-03-29 03:00", "FREQ=WEEKLY;COUNT=3"),
        ["2026-03-29 03:00 +13:45", "2026-04-05 03:00 +13:45", "2026-04-12 03:00 +12:45"]
    );
}

#[test]
fn kyiv_and_kolkata() {
    assert_eq!(
        starts(Tz::Europe__Kyiv, "2026-03-22 03:30", "FREQ=WEEKLY;COUNT=3"),
        ["2026-03-22 03:30 +02:00", "2026-03-29 04:30 +03:00", "2026-04-05 03:30 +03:00"]
    );
    assert_eq!(
        starts(Tz::Europe__Kyiv, "2026-10-18 03:30", "FREQ=WEEKLY;COUNT=3"),
        ["2026-10-18 03:30 +03:00", "2026-10-25 03:30 +03:00", "2026-11-01 03:30 +02:00"]
    );
    // 00:15 in India is the day before in UTC: the local weekday counts.
    assert_eq!(
        starts(Tz::Asia__Kolkata, "2026-06-01 00:15", "FREQ=WEEKLY;BYDAY=MO;COUNT=2"),
        ["2026-06-01 00:15 +05:30", "2026-06-08 00:15 +05:30"]
    );
}

#[test]
fn a_day_the_zone_skips_is_not_doubled() {
    let found = starts(Tz::Pacific__Apia, "2011-12-29 10:00", "FREQ=WEEKLY;BYDAY=TH,FR,SA;COUNT=3");
    assert_eq!(found, ["2011-12-29 10:00 -10:00", "2011-12-31 10:00 +14:00", "2012-01-05 10:00 +14:00"]);
}

#[test]
fn weeks_run_over_the_ends_of_months_and_years() {
    let bogota = Tz::America__Bogota;
    assert_eq!(dates(bogota, "2026-01-31 08:00", "FREQ=WEEKLY;COUNT=2"), ["2026-01-31", "2026-02-07"]);
    assert_eq!(
        dates(bogota, "2028-02-28 08:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE;COUNT=4"),
        ["2028-02-28", "2028-02-29", "2028-03-01", "2028-03-06"]
    );
    assert_eq!(
        dates(bogota, "2026-12-31 08:00", "FREQ=WEEKLY;BYDAY=TH,FR;COUNT=3"),
        ["2026-12-31", "2027-01-01", "2027-01-07"]
    );
}
