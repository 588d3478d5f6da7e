//! The rooms.

use amqp::Metadata;
use amqp::events::{Location, ResourceType};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::Error;
use super::chance::{self, Subject, one_of};
use crate::event_store::{Aggregate, Past};
use crate::resources::Resource;
use crate::resources::model::{NewResource, ResourceEvent, create};

const FLOORS: u32 = 5;
const ROOMS_A_FLOOR: u32 = 12;
/// Kinds with the word for them, and how many people they take; each is as likely as the others.
const KINDS: [(ResourceType, &str, [u32; 3]); 6] = [
    (ResourceType::Classroom, "Classroom", [20, 30, 40]),
    (ResourceType::Classroom, "Classroom", [24, 36, 60]),
    (ResourceType::Classroom, "Lecture room", [50, 80, 100]),
    (ResourceType::Laboratory, "Laboratory", [12, 18, 24]),
    (ResourceType::MeetingRoom, "Meeting room", [6, 8, 12]),
    (ResourceType::Auditorium, "Auditorium", [120, 200, 300]),
];

/// The room with this number, made at this instant by the operator, and the event of that.
pub(super) fn make(seed: u64, number: u32, at: DateTime<Utc>) -> Result<(Resource, Past<ResourceEvent>), Error> {
    let mut random = chance::of(seed, Subject::Room(number));
    let (correlation_id, id, event_id) =
        (chance::id(&mut random, at), chance::id(&mut random, at), chance::id(&mut random, at));
    let created = create(id, describe(&mut random, number), Uuid::nil());
    let created = created.map_err(|violations| Error::Unfit(format!("{violations:?}")))?;
    let event = ResourceEvent::from(created);
    let resource = Resource::apply(None, 1, at, &event).map_err(Error::Unfit)?;
    Ok((resource, Past { event_id, version: 1, at, metadata: Metadata::new(correlation_id), event }))
}

fn describe(random: &mut fastrand::Rng, number: u32) -> NewResource {
    let building = letters(number / (FLOORS * ROOMS_A_FLOOR));
    let (floor, room) = (number / ROOMS_A_FLOOR % FLOORS + 1, number % ROOMS_A_FLOOR + 1);
    let code = format!("{building}{floor}{room:02}");
    let (resource_type, word, capacities) = one_of(random, &KINDS).copied().unwrap_or(KINDS[0]);
    let features = [("projector", 2), ("whiteboard", 3), ("videoConference", 5), ("wheelchairAccess", 2)];
    NewResource {
        name: format!("{word} {code}"),
        resource_type,
        capacity: one_of(random, &capacities).copied(),
        category_id: None,
        program_ids: Vec::new(),
        location: Some(Location {
            building: format!("Building {building}"),
            floor: Some(floor.to_string()),
            room: Some(format!("{floor}{room:02}")),
        }),
        attributes: features.map(|(name, odds)| (name.to_owned(), json!(random.u32(..odds) == 0))).into(),
        description: None,
        code,
    }
}

/// A, B, ..., Z, AA, AB, ...
fn letters(number: u32) -> String {
    let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    if number < 26 { letter.to_string() } else { format!("{}{letter}", letters(number / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::MOST_RESOURCES;
    use super::*;

    #[test]
    fn no_two_rooms_share_a_code() {
        let mut random = fastrand::Rng::with_seed(1);
        let codes: BTreeSet<String> = (0..MOST_RESOURCES).map(|number| describe(&mut random, number).code).collect();
        assert_eq!(codes.len(), MOST_RESOURCES as usize);
        assert_eq!(
            [0, 59, 60, 60 * 26].map(|number| describe(&mut random, number).code),
            ["A101", "A512", "B101", "AA101"]
        );
    }

    #[test]
    fn a_room_is_the_same_again_and_different_with_another_seed() {
        let at = DateTime::UNIX_EPOCH;
        let rooms = |seed| (0..20).map(|number| make(seed, number, at).expect("fits").0).collect::<Vec<_>>();
        assert_eq!(rooms(7), rooms(7));
        assert_ne!(rooms(7), rooms(8));
    }
}
