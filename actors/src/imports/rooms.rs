//! Rooms of a timetable become resources.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use amqp::events::{Location, ResourceType};
use uuid::Uuid;

use super::timetable::Room;
use super::{Error, Workplace};
use crate::access::Caller;
use crate::availability::ListProfiles;
use crate::resources::model::NewResource;
use crate::resources::{CreateResource, FindByCode};
use crate::service::{Question, Request};

/// How long the creation of resources may take to reach availability.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

/// The resources of a timetable's rooms.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// The resources by the room's code; in a dry run without those that would be created.
    pub resources: BTreeMap<String, Uuid>,
    /// How many were, or would be, created.
    pub created: usize,
    /// How many were there.
    pub unchanged: usize,
}

impl Workplace {
    /// Finds the rooms' resources and creates those that are missing.
    pub(super) async fn rooms(&self, caller: &Caller, rooms: &[Room], dry_run: bool) -> Result<Rooms, Error> {
        let query = FindByCode(rooms.iter().map(|room| room.code.clone()).collect());
        let existing = self.resources.send(Question { caller: caller.clone(), query }).await??;
        let mut found = Rooms { unchanged: existing.len(), ..Rooms::default() };
        found.resources.extend(existing.into_iter().map(|(code, resource)| (code, resource.id)));
        let mut new = Vec::new();
        for room in rooms {
            if found.resources.contains_key(&room.code) {
                continue;
            }
            found.created += 1;
            if !dry_run {
                let command = CreateResource(new_resource(room));
                let resource = self.resources.send(Request { caller: caller.clone(), command }).await??;
                found.resources.insert(room.code.clone(), resource.id);
                new.push(resource.id);
            }
        }
        self.arrived(caller, new).await?;
        Ok(found)
    }

    /// Waits until availability knows the new resources: their events travel like all others.
    async fn arrived(&self, caller: &Caller, new: Vec<Uuid>) -> Result<(), Error> {
        let mut missing: HashSet<Uuid> = new.into_iter().collect();
        let deadline = tokio::time::Instant::now() + ARRIVAL;
        while !missing.is_empty() {
            let question = Question { caller: caller.clone(), query: ListProfiles };
            for profile in self.availability.send(question).await?? {
                missing.remove(&profile.resource_id);
            }
            if missing.is_empty() {
                break;
            }
            if tokio::time::Instant::now() > deadline {
                let reason = format!("{} new resources have not reached the availability service", missing.len());
                return Err(Error::BrokenOff(reason));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

fn new_resource(room: &Room) -> NewResource {
    NewResource {
        code: room.code.clone(),
        name: room.code.clone(),
        resource_type: ResourceType::Classroom,
        // A capacity of nought says that it is not known.
        capacity: room.capacity.filter(|people| *people > 0),
        category_id: None,
        program_ids: Vec::new(),
        location: room.building.clone().map(|building| Location {
            building,
            floor: None,
            room: Some(room.code.clone()),
        }),
        attributes: BTreeMap::default(),
        description: None,
    }
}
