//! What holds of every plan and of everything made by one.

use std::collections::{BTreeMap, BTreeSet};

use amqp::events::{ResourceCreated, WeeklySchedule};
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use uuid::Uuid;

use crate::availability::{Reservation, Slot};
use crate::sample_data::history::Campus;
use crate::sample_data::plan::Plan;
use crate::sample_data::{Error, Order};

const ZONES: [Tz; 4] =
    [chrono_tz::America::Bogota, chrono_tz::Europe::Madrid, chrono_tz::Asia::Kathmandu, chrono_tz::Pacific::Apia];

fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date") + TimeDelta::days(number)
}

/// Every time of the plan, with its room.
fn times(plan: &Plan) -> Vec<(u32, Slot)> {
    let cells = (0..plan.cells()).map(|number| plan.cell(number).expect("a cell"));
    cells.flat_map(|(_, room, slots)| slots.into_iter().map(move |slot| (room, slot))).collect()
}

fn order() -> impl Strategy<Value = Order> {
    (1..12_u32, 0..4_000_u64, any::<u64>()).prop_map(|(resources, reservations, seed)| Order {
        resources,
        reservations,
        seed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn there_are_exactly_as_many_as_asked_for_and_none_overlaps(
        order in order(), today in 0..1_500_i64, zone in prop::sample::select(&ZONES[..]),
    ) {
        let plan = Plan::new(order, day(today), zone).expect("they fit");
        let mut times = times(&plan);
        prop_assert_eq!(times.len() as u64, order.reservations);
        times.sort_unstable();
        for pair in times.windows(2) {
            prop_assert!(pair[0].0 != pair[1].0 || pair[0].1.ends_at <= pair[1].1.starts_at, "{:?}", pair);
        }
    }

    #[test]
    fn all_are_within_opening_hours_and_no_day_is_taken_up(
        order in order(), today in 0..1_500_i64, zone in prop::sample::select(&ZONES[..]),
    ) {
        let plan = Plan::new(order, day(today), zone).expect("they fit");
        let opening = WeeklySchedule::default();
        let mut taken: BTreeMap<(u32, NaiveDate), TimeDelta> = BTreeMap::new();
        for (room, slot) in times(&plan) {
            let (starts, ends) = (slot.starts_at.with_timezone(&zone), slot.ends_at.with_timezone(&zone));
            prop_assert!(opening.weekdays.contains(&starts.weekday().into()));
            prop_assert!(starts.time() >= opening.opens_at && ends.time() <= opening.closes_at);
            prop_assert_eq!(starts.date_naive(), ends.date_naive());
            prop_assert!((30..=240).contains(&slot.duration().num_minutes()));
            prop_assert!(starts.date_naive() < day(today) + Days::new(30));
            *taken.entry((room, starts.date_naive())).or_default() += slot.duration();
        }
        prop_assert!(taken.values().all(|length| *length <= TimeDelta::hours(12)));
    }

    #[test]
    fn the_same_seed_gives_the_same_and_another_seed_does_not(order in order(), today in 0..1_500_i64) {
        let plan = |order| times(&Plan::new(order, day(today), chrono_tz::America::Bogota).expect("they fit"));
        prop_assert_eq!(plan(order), plan(order));
        if order.reservations > 50 {
            prop_assert_ne!(plan(order), plan(Order { seed: order.seed.wrapping_add(1), ..order }));
        }
    }

    #[test]
    fn each_was_asked_for_when_it_could_be(order in order(), today in 0..1_500_i64, minute in 0..1_440_i64) {
        let zone = chrono_tz::America::Bogota;
        let now = day(today).and_hms_opt(5, 0, 0).expect("a time").and_utc() + TimeDelta::minutes(minute);
        let made = made(order, now, zone);
        let ids: BTreeSet<Uuid> = made.iter().map(|reservation| reservation.id).collect();
        prop_assert_eq!(ids.len() as u64, order.reservations);
        for reservation in made {
            prop_assert!(reservation.created_at < now);
            prop_assert!(reservation.created_at < reservation.slot.starts_at);
            prop_assert!(reservation.slot.starts_at <= reservation.created_at + TimeDelta::days(30));
            prop_assert!(reservation.status.is_live() && reservation.version == 1);
        }
    }
}

fn made(order: Order, now: DateTime<Utc>, zone: Tz) -> Vec<Reservation> {
    let plan = Plan::new(order, now.with_timezone(&zone).date_naive(), zone).expect("they fit");
    let ids = |kind: u128| (0..20).map(|number| Uuid::from_u128(kind + number)).collect();
    let campus = Campus { seed: order.seed, now, rooms: ids(100), users: ids(200) };
    let cells = (0..plan.cells()).map(|number| plan.cell(number).expect("a cell"));
    let made = cells.flat_map(|(day, room, slots)| campus.reservations(day, room, &slots).expect("they fit"));
    made.map(|(reservation, _)| reservation).collect()
}

#[test]
fn about_half_of_the_rooms_are_taken_at_an_hour_of_a_weekday() {
    let order = Order { resources: 400, reservations: 300_000, seed: 3 };
    let plan = Plan::new(order, day(0), chrono_tz::America::Bogota).expect("they fit");
    let hour = day(9).and_hms_opt(15, 0, 0).expect("a time").and_utc();
    let hour = Slot { starts_at: hour, ends_at: hour + TimeDelta::minutes(30) };
    let taken: BTreeSet<u32> =
        times(&plan).into_iter().filter(|(_, slot)| slot.overlaps(&hour)).map(|(room, _)| room).collect();
    assert!((140..=260).contains(&taken.len()), "{} of 400 rooms are taken", taken.len());
    let (first, last) = plan.span().expect("days");
    assert!(first < day(-60) && last > day(25), "from {first} to {last}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let plan = |resources, reservations| {
        Plan::new(Order { resources, reservations, seed: 1 }, day(0), chrono_tz::America::Bogota)
            .map(|plan| plan.cells())
    };
    assert!(matches!(plan(0, 1), Err(Error::Resources(0))));
    assert!(matches!(plan(100_001, 1), Err(Error::Resources(_))));
    let Err(Error::TooMany { most, .. }) = plan(2, u64::MAX) else { panic!("it fits") };
    assert!(plan(2, most).is_ok() && plan(2, most + 1).is_err());
}

#[test]
fn a_room_is_open_as_the_plan_takes_it_to_be() {
    let (_, past) = crate::sample_data::rooms::make(1, 1, DateTime::UNIX_EPOCH).expect("it fits");
    let crate::resources::model::ResourceEvent::Created(ResourceCreated { default_schedule, .. }) = past.event else {
        panic!("it is created")
    };
    assert_eq!(default_schedule.unwrap_or_default(), WeeklySchedule::default());
}
