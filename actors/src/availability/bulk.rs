//! Writing what was decided elsewhere, very much of it at once: for an installation that is filled.

use amqp::events::ResourceCreated;

use super::Reservation;
use super::occupancy::{self, Claim};
use super::profile::{self, Profile};
use super::store;
use crate::database::{Error, Transaction};

/// Writes the profiles of resources, each known by its creation alone.
///
/// # Errors
/// When a statement fails.
pub(crate) fn insert_profiles(transaction: &mut Transaction<'_>, created: Vec<ResourceCreated>) -> Result<(), Error> {
    let profiles: Vec<Profile> = created.into_iter().map(|event| Profile::created(event, 1)).collect();
    profile::insert_bulk(transaction, &profiles)
}

/// Writes live reservations and what they hold: all of it the first unit of resources that keep no time free behind a
/// reservation, as they are when they are created.
///
/// # Errors
/// `occupancy_no_overlap` when two of them overlap.
pub(crate) fn insert_reservations(transaction: &mut Transaction<'_>, made: &[Reservation]) -> Result<(), Error> {
    let claim = |reservation: &Reservation| Claim {
        resource_id: reservation.resource_id,
        unit: 0,
        slot: reservation.slot,
        holder_id: reservation.id,
    };
    occupancy::occupy_bulk(transaction, &made.iter().map(claim).collect::<Vec<_>>())?;
    store::insert_bulk(transaction, made)
}
