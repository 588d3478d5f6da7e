//! The reservations of a cell, as they would have been asked for.

use amqp::Metadata;
use amqp::events::ReservationCreated;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Error;
use super::calendar::OpenDay;
use super::chance::{self, Subject, one_of};
use crate::availability::model::ReservationEvent;
use crate::availability::{Reservation, Slot};
use crate::event_store::{Aggregate, Past};

const PURPOSES: [&str; 10] = [
    "Seminar",
    "Lecture",
    "Thesis defence",
    "Tutorial",
    "Study group",
    "Faculty meeting",
    "Examination",
    "Workshop",
    "Project work",
    "Rehearsal",
];
/// How long before its start a reservation is asked for, at least and at most.
const LEAD: (TimeDelta, TimeDelta) = (TimeDelta::hours(1), TimeDelta::days(14));
/// How long ago those of the coming weeks were asked for that could not have been so early.
const AGE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::minutes(60));

/// Whom and what reservations are of.
#[derive(Debug, Clone)]
pub(super) struct Campus {
    /// The seed.
    pub seed: u64,
    /// The present.
    pub now: DateTime<Utc>,
    /// The rooms' identifiers, by their numbers.
    pub rooms: Vec<Uuid>,
    /// The users' identifiers.
    pub users: Vec<Uuid>,
}

impl Campus {
    /// The reservations of a room at these times of a day, and the events of them.
    pub fn reservations(
        &self,
        day: &OpenDay,
        room: u32,
        slots: &[Slot],
    ) -> Result<Vec<(Reservation, Past<ReservationEvent>)>, Error> {
        let resource_id = usize::try_from(room).ok().and_then(|place| self.rooms.get(place)).copied();
        let resource_id = resource_id.ok_or_else(|| Error::Unfit(format!("there is no room {room}")))?;
        let mut random = chance::of(self.seed, Subject::Requests(day.number(), room));
        slots.iter().map(|slot| self.reservation(&mut random, resource_id, *slot)).collect()
    }

    fn reservation(
        &self,
        random: &mut fastrand::Rng,
        resource_id: Uuid,
        slot: Slot,
    ) -> Result<(Reservation, Past<ReservationEvent>), Error> {
        let user_id = one_of(random, &self.users).copied().unwrap_or(Uuid::nil());
        let early = slot.starts_at - chance::between(random, LEAD.0, LEAD.1);
        let at = early.min(self.now - chance::between(random, AGE.0, AGE.1));
        let correlation_id = chance::id(random, at);
        let event = ReservationEvent::from(ReservationCreated {
            reservation_id: chance::id(random, at),
            resource_id,
            user_id,
            start_time: slot.starts_at,
            end_time: slot.ends_at,
            purpose: one_of(random, &PURPOSES).map(ToString::to_string),
            created_by: user_id,
            series_id: None,
            program_id: None,
            duration_minutes: u32::try_from(slot.duration().num_minutes()).unwrap_or_default(),
            participants: Vec::new(),
            requires_approval: false,
        });
        let reservation = Reservation::apply(None, 1, at, &event).map_err(Error::Unfit)?;
        let metadata = Metadata { actor: Some(user_id), ..Metadata::new(correlation_id) };
        Ok((reservation, Past { event_id: chance::id(random, at), version: 1, at, metadata, event }))
    }
}
