//! When which room is reserved. Pure: a function of what is asked for, the day and the time zone.
//!
//! A *cell* is a room on a day; cells are numbered day by day, the oldest first. How many reservations a cell has follows
//! from its number alone, and when they are from the seed and the cell, so cells can be made in any order and side by side.

use amqp::events::WeeklySchedule;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use super::calendar::{OpenDay, open_day};
use super::chance::{self, Subject};
use super::{Error, MOST_RESOURCES, Order};
use crate::availability::Slot;

/// Days from today on that have reservations, today included: no more than rooms can be reserved ahead.
const AHEAD: u64 = 30;
/// Days before today that have reservations, however few there are.
const LEAST_BEHIND: u64 = 60;
/// Days before today that may have reservations: twenty years.
const MOST_BEHIND: u64 = 20 * 365;
/// How long reservations are, in half hours: each is as likely as the others.
pub(super) const DURATIONS: [u32; 11] = [1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 8];

/// Which days, and how many reservations they share.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    order: Order,
    /// The oldest first.
    days: Vec<OpenDay>,
    /// The quotas of one room on all the days before each, and at last on all days.
    before: Vec<u64>,
}

impl Plan {
    /// The plan for what is asked for `today`.
    pub fn new(order: Order, today: NaiveDate, time_zone: Tz) -> Result<Self, Error> {
        if !(1..=MOST_RESOURCES).contains(&order.resources) {
            return Err(Error::Resources(order.resources));
        }
        let hours = WeeklySchedule::default();
        let rooms = u64::from(order.resources);
        let (mut days, mut quotas) = (Vec::new(), 0);
        for back in 0..AHEAD + MOST_BEHIND {
            if back >= AHEAD + LEAST_BEHIND && quotas * rooms >= order.reservations {
                break;
            }
            let day = open_day(today + Days::new(AHEAD - 1) - Days::new(back), &hours, time_zone);
            quotas += day.map_or(0, |day| day.quota);
            days.extend(day);
        }
        if quotas * rooms < order.reservations {
            return Err(Error::TooMany { resources: order.resources, most: quotas * rooms });
        }
        days.reverse();
        let sums = days.iter().scan(0, |sum, day| {
            *sum += day.quota;
            Some(*sum)
        });
        let before = std::iter::once(0).chain(sums).collect();
        Ok(Self { order, days, before })
    }

    /// How many cells there are.
    pub fn cells(&self) -> u64 {
        self.days.len() as u64 * u64::from(self.order.resources)
    }

    /// The first day and the last.
    pub fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        Some((self.days.first()?.date, self.days.last()?.date))
    }

    /// The day and the room of a cell, and the times at which the room is reserved then, in order.
    pub fn cell(&self, number: u64) -> Option<(&OpenDay, u32, Vec<Slot>)> {
        let rooms = u64::from(self.order.resources);
        let place = usize::try_from(number / rooms).ok()?;
        let day = self.days.get(place)?;
        let room = u32::try_from(number % rooms).ok()?;
        let mut random = chance::of(self.order.seed, Subject::Times(day.number(), room));
        let count = self.reservations(place, day, room)?;
        Some((day, room, slots(&mut random, day, count)))
    }

    /// How many reservations a cell has. All cells have a share of the whole in proportion to their quotas; what is left of
    /// a share when it is rounded down goes over to the next cell, and another room begins each day.
    fn reservations(&self, place: usize, day: &OpenDay, room: u32) -> Option<u64> {
        let rooms = u64::from(self.order.resources);
        let first = chance::of(self.order.seed, Subject::Turns(day.number())).u64(..rooms);
        let turn = (u64::from(room) + first) % rooms;
        let begins = self.before.get(place)? * rooms + turn * day.quota;
        let whole = u128::from(self.before.last()? * rooms);
        let share = |quotas: u64| u128::from(quotas) * u128::from(self.order.reservations) / whole;
        u64::try_from(share(begins + day.quota) - share(begins)).ok()
    }
}

/// So many times on a day, which leave at least a quarter of it free.
fn slots(random: &mut fastrand::Rng, day: &OpenDay, count: u64) -> Vec<Slot> {
    let durations = (0..count).filter_map(|_| chance::one_of(random, &DURATIONS).copied());
    let mut durations: Vec<u32> = durations.collect();
    while durations.iter().sum::<u32>() > day.steps * 3 / 4
        && let Some(longest) = durations.iter_mut().max()
    {
        *longest -= 1;
    }
    let free = day.steps - durations.iter().sum::<u32>();
    let mut gaps: Vec<u32> = durations.iter().map(|_| random.u32(..=free)).collect();
    gaps.sort_unstable();
    let mut reserved = 0;
    let slot = |(duration, gap): (u32, u32)| {
        let begins = gap + reserved;
        reserved += duration;
        Slot { starts_at: day.at(begins), ends_at: day.at(begins + duration) }
    };
    durations.into_iter().zip(gaps).map(slot).collect()
}
