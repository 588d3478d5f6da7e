use amqp::events::{CustomRules, ResourceStatus, WeeklySchedule};
use chrono::TimeDelta;
use chrono_tz::America::{Bogota, Havana, New_York, Santiago, Scoresbysund, St_Johns};
use chrono_tz::Australia::Lord_Howe;
use chrono_tz::Pacific::{Apia, Chatham};
use proptest::prelude::*;

use super::super::get_availability::during;
use super::super::get_availability::tests::profile;
use super::super::occupancy::{Claim, Hold};
use super::super::profile::Profile;
use super::*;

/// With changes of time at midnight, by half an hour, over the date line, and back over midnight.
const ZONES: [Tz; 9] = [Bogota, New_York, Santiago, Havana, Lord_Howe, Chatham, Apia, Scoresbysund, St_Johns];

/// Days on which their clocks change, and a usual one.
const MIDNIGHTS: [&str; 9] = [
    "2026-03-08T05:00:00Z",
    "2026-11-01T05:00:00Z",
    "2026-09-06T04:00:00Z",
    "2026-04-05T00:00:00Z",
    "2011-12-30T10:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2006-10-29T02:31:00Z",
    "2027-01-11T05:00:00Z",
];

pub fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(ZONES.to_vec())
}

/// An instant around a change of time, at a quarter of an hour or anywhere.
pub fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let offset = prop_oneof![(-400_i64..400).prop_map(|quarter| quarter * 900), -360_000_i64..360_000];
    (prop::sample::select(MIDNIGHTS.to_vec()), offset).prop_map(|(midnight, seconds)| {
        midnight.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(seconds)
    })
}

/// Many resources, in every way that matters here.
pub fn any_profile() -> impl Strategy<Value = Profile> {
    let hours = prop::sample::select(vec![(0, 0), (6, 22), (0, 23), (8, 0), (23, 0)]);
    (any::<bool>(), any::<bool>(), any::<bool>(), 1_u32..4, hours).prop_map(
        |(business_hours_only, weekdays_only, closed, max_concurrent_bookings, (opens, closes))| {
            let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
            let custom =
                CustomRules { business_hours_only, weekdays_only, max_concurrent_bookings, ..CustomRules::default() };
            let opening =
                WeeklySchedule { opens_at: time(opens), closes_at: time(closes), ..WeeklySchedule::default() };
            let status = if closed { ResourceStatus::Maintenance } else { ResourceStatus::Available };
            Profile { status, ..profile(custom, opening) }
        },
    )
}

/// What holds a resource around `from`; no unit is held twice at once.
pub fn holds(units: i32, from: DateTime<Utc>, wanted: &[(i32, i64, i64)]) -> Vec<Hold> {
    let mut held: Vec<Claim> = Vec::new();
    for (unit, quarter, quarters) in wanted {
        let starts_at = from + TimeDelta::minutes(15 * quarter);
        let slot = Slot { starts_at, ends_at: starts_at + TimeDelta::minutes(15 * quarters) };
        let claim = Claim { resource_id: Uuid::nil(), unit: unit % units, slot, holder_id: Uuid::nil() };
        if held.iter().all(|other| other.unit != claim.unit || !other.slot.overlaps(&slot)) {
            held.push(claim);
        }
    }
    let mut holds: Vec<Hold> = held.into_iter().flat_map(Claim::pieces).collect();
    holds.sort_by_key(|hold| hold.slot());
    holds
}

/// Those that a query for `span` would find.
pub fn found(holds: &[Hold], span: Slot) -> Vec<Hold> {
    holds.iter().copied().filter(|hold| hold.slot().overlaps(&span)).collect()
}

pub fn wanted() -> impl Strategy<Value = Vec<(i32, i64, i64)>> {
    prop::collection::vec((0_i32..4, -300_i64..700, 1_i64..200), 0..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Read day by day, the days perhaps with others in between, a span is what it is when it is read at once.
    #[test]
    fn days_are_together_what_the_span_is(
        zone in zone(),
        from in instant(),
        minutes in prop_oneof![1_i64..3_000, 1_i64..20_000],
        profile in any_profile(),
        wanted in wanted(),
    ) {
        let span = Slot { starts_at: from, ends_at: from + TimeDelta::minutes(minutes) };
        let holds = holds(profile.units(), from, &wanted);
        let at_once = during(&profile, &found(&holds, span), span, zone);
        let days: Vec<DayAvailability> = days_of(span, zone)
            .into_iter()
            .map(|LocalDay { span: day, .. }| {
                let answer = during(&profile, &found(&holds, day), day, zone);
                // The query for missing days finds more than what holds the resource on this one.
                assert_eq!(answer, during(&profile, &holds, day, zone));
                DayAvailability { day, closed: answer.closed, busy: answer.busy, free: answer.free }
            })
            .collect();
        let text = serde_json::to_string(&days).expect("JSON");
        let days: Vec<DayAvailability> = serde_json::from_str(&text).expect("days");
        prop_assert_eq!(join(Uuid::nil(), span, &days), Some(at_once));
    }

    /// Days follow each other, each begins on its date, and together they are little more than the span.
    #[test]
    fn days_cover_the_span_without_gaps(zone in zone(), from in instant(), minutes in 1_i64..90_000) {
        let span = Slot { starts_at: from, ends_at: from + TimeDelta::minutes(minutes) };
        let days = days_of(span, zone);
        prop_assert!(days.iter().zip(days.iter().skip(1)).all(|(one, next)| one.span.ends_at == next.span.starts_at));
        prop_assert!(days.iter().zip(days.iter().skip(1)).all(|(one, next)| one.date < next.date));
        let (first, last) = (days.first().expect("a day"), days.last().expect("a day"));
        prop_assert!(first.span.starts_at <= span.starts_at && span.starts_at < first.span.ends_at);
        prop_assert!(last.span.starts_at < span.ends_at && span.ends_at <= last.span.ends_at);
        for day in days {
            prop_assert_eq!(day.span.starts_at.with_timezone(&zone).date_naive(), day.date);
            prop_assert!((TimeDelta::hours(22)..=TimeDelta::hours(26)).contains(&day.span.duration()), "{:?}", day);
        }
    }

    /// Joined spans hold the same instants, are in order, and do not touch.
    #[test]
    fn joined_spans_do_not_touch(profile in any_profile(), from in instant(), wanted in wanted(), zone in zone()) {
        let span = Slot { starts_at: from, ends_at: from + TimeDelta::days(4) };
        let answer = during(&profile, &holds(profile.units(), from, &wanted), span, zone);
        for spans in [&answer.busy, &answer.free] {
            prop_assert!(spans.iter().all(|one| one.within(&span) == Some(*one)));
            prop_assert!(spans.windows(2).all(|pair| pair[0].ends_at < pair[1].starts_at), "{:?}", spans);
        }
        prop_assert!(answer.busy.iter().all(|busy| answer.free.iter().all(|free| !free.overlaps(busy))));
        prop_assert!(!answer.closed || answer.free.is_empty());
    }
}

fn at(hour: i64) -> DateTime<Utc> {
    "2027-01-11T05:00:00Z".parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::hours(hour)
}

fn day(from: i64, closed: bool) -> DayAvailability {
    let day = Slot { starts_at: at(from), ends_at: at(from + 24) };
    DayAvailability { day, closed, busy: vec![day], free: Vec::new() }
}

#[test]
fn days_that_are_no_picture_of_the_span_are_not_joined() {
    let span = Slot { starts_at: at(3), ends_at: at(30) };
    let joined = |days: &[DayAvailability]| join(Uuid::nil(), span, days);
    assert_eq!(joined(&[day(0, false), day(24, false)]).expect("a picture").busy, [span]);
    assert_eq!(joined(&[day(0, false), day(24, true)]), None, "closed in between");
    assert_eq!(joined(&[day(1, false), day(24, false)]), None, "they overlap: cut in two zones");
    assert_eq!(joined(&[day(0, false)]), None, "the end is missing");
    assert_eq!(joined(&[day(24, false)]), None, "the beginning is missing");
    assert_eq!(joined(&[]), None);
}

#[test]
fn a_date_that_was_skipped_is_no_day() {
    let span = Slot { starts_at: "2011-12-29T12:00:00Z".parse().expect("an instant"), ends_at: at(0) };
    let dates: Vec<NaiveDate> = days_of(span, Apia).into_iter().take(3).map(|day| day.date).collect();
    let date = |day| NaiveDate::from_ymd_opt(2011, 12, day).expect("a date");
    assert_eq!(dates, [date(29), date(31), date(31) + Days::new(1)]);
}
