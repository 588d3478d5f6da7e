//! Checking that reservations are what their histories say and hold what they are to hold.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::Availability;
use super::error::Error;
use super::model::{Reservation, Slot};
use super::occupancy::{Hold, occupancy};
use super::store::{Row, read, reservations};
use crate::database::{self, DatabaseConnection};
use crate::event_store::{events_of, fold};
use crate::service::{Context, Query};

/// Compares every reservation with the fold of its events and with what it holds, and every hold with the next one of
/// its resource; answers how many were compared and what differs.
#[derive(Debug, Clone, Copy)]
pub struct CheckReservations;

impl Query for CheckReservations {
    type Service = Availability;
    type Answer = (usize, Vec<String>);
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Self::Answer, Error> {
        let rows = reservations::table.load::<Row>(connection).map_err(database::Error::from)?;
        let stored = read(rows)?;
        let holds: Vec<Hold> = occupancy::table
            .order((occupancy::resource_id, occupancy::unit, occupancy::starts_at))
            .load(connection)
            .map_err(database::Error::from)?;
        let mut differences = overlaps(&holds);
        differences.extend(unheld(&stored, &holds));
        for reservation in &stored {
            let id = reservation.id;
            match fold::<Reservation>(&events_of(connection, id)?) {
                Ok(Some(folded)) if folded == *reservation => {}
                Ok(folded) => {
                    differences.push(format!("reservation {id} is {reservation:?}, its history says {folded:?}"));
                }
                Err(error) => differences.push(format!("reservation {id}: {error}")),
            }
        }
        Ok((stored.len(), differences))
    }
}

fn overlaps(holds: &[Hold]) -> Vec<String> {
    let clash = |pair: &[Hold]| match pair {
        [a, b] if a.same_unit(b) && a.slot().overlaps(&b.slot()) => {
            Some(format!("{} and {} hold the same resource at the same time", a.holder(), b.holder()))
        }
        _ => None,
    };
    holds.windows(2).filter_map(clash).collect()
}

/// A live reservation holds its whole span, one that is not live holds nothing.
fn unheld(stored: &[Reservation], holds: &[Hold]) -> Vec<String> {
    let mut held: HashMap<Uuid, Vec<Slot>> = HashMap::new();
    for hold in holds {
        held.entry(hold.holder()).or_default().push(hold.slot());
    }
    let wrong = |reservation: &&Reservation| {
        let pieces = held.get(&reservation.id).map(Vec::as_slice).unwrap_or_default();
        let starts = pieces.iter().map(|piece| piece.starts_at).min();
        let ends = pieces.iter().map(|piece| piece.ends_at).max();
        if reservation.status.is_live() {
            starts != Some(reservation.slot.starts_at) || ends.is_none_or(|ends| ends < reservation.slot.ends_at)
        } else {
            !pieces.is_empty()
        }
    };
    let tell = |reservation: &Reservation| {
        let status = reservation.status.word();
        format!("reservation {} is {status} and holds {:?}", reservation.id, held.get(&reservation.id))
    };
    stored.iter().filter(wrong).map(tell).collect()
}
