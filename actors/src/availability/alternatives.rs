//! When a resource that is taken would be free.

use chrono::TimeDelta;

use super::model::Slot;
use super::occupancy::{self, Hold};
use super::profile::Profile;
use super::rules::Request;
use crate::database::{self, Transaction};
use crate::service::Context;

/// How many are offered.
const OFFERED: usize = 3;
/// How many days around the wanted time are looked at.
const DAYS: i64 = 3;

/// Free times of the same length on the same resource, the nearest first.
pub(super) fn near(
    transaction: &mut Transaction<'_>,
    profile: &Profile,
    wanted: Slot,
    context: &Context,
) -> Result<Vec<Slot>, database::Error> {
    let margin = TimeDelta::days(DAYS);
    let around = Slot { starts_at: wanted.starts_at - margin, ends_at: wanted.ends_at + margin };
    let holds = occupancy::holds(transaction.connection(), profile.resource_id, around)?;
    let mut candidates = candidates(&holds, wanted, profile.buffer());
    candidates.retain(|slot| {
        Request::of(profile, *slot, None, context).violations().is_empty()
            && occupancy::free_unit(&holds, slot.with_buffer(profile.buffer()), profile.units()).is_ok()
    });
    candidates.truncate(OFFERED);
    Ok(candidates)
}

/// Right behind and right before each hold, and the same time on other days: nearest first, each once.
fn candidates(holds: &[Hold], wanted: Slot, buffer: TimeDelta) -> Vec<Slot> {
    let at = |starts_at| Slot { starts_at, ends_at: starts_at + wanted.duration() };
    let behind = holds.iter().map(|hold| at(hold.slot().ends_at));
    let before = holds.iter().map(|hold| at(hold.slot().starts_at - wanted.duration() - buffer));
    let days = (-DAYS..=DAYS).map(|day| wanted.moved(TimeDelta::days(day)));
    let mut slots: Vec<Slot> = behind.chain(before).chain(days).collect();
    slots.sort_by_key(|slot| ((slot.starts_at - wanted.starts_at).abs(), slot.starts_at));
    slots.dedup();
    slots
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::availability::occupancy::Claim;

    #[test]
    fn the_nearest_gap_comes_first() {
        let hour = |h: i64| DateTime::from_timestamp(1_800_000_000 + h * 3_600, 0).expect("an instant");
        let slot = Slot { starts_at: hour(10), ends_at: hour(12) };
        let hold = Claim { resource_id: Uuid::nil(), unit: 0, slot, holder_id: Uuid::nil() };
        let holds: Vec<Hold> = hold.pieces().collect();
        let wanted = Slot { starts_at: hour(11), ends_at: hour(12) };
        let found = candidates(&holds, wanted, TimeDelta::minutes(10));
        assert_eq!(found[1], Slot { starts_at: hour(12), ends_at: hour(13) });
        assert_eq!(found[2].ends_at, hour(10) - TimeDelta::minutes(10));
    }
}
