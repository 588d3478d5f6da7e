//! Reservations and a closure at the same time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::cached::Cached;
use super::*;
use crate::database::scratch::settle;
use crate::event_store::{EventFilter, events_of, list};

const ROUNDS: usize = 1_000;
/// Rounds that run at the same time, each on a resource of its own.
const SIDE_BY_SIDE: usize = 16;

/// Lets availability handle the last event of a resource.
async fn hear(scene: &Scene, resource_id: Uuid) {
    let read = scene.database.read(move |connection| events_of(connection, resource_id));
    let event = Arc::new(read.await.expect("read").pop().expect("an event"));
    let event = Deliver { event, bytes: None, course: Course::Fresh };
    handle(&scene.database, &scene.clock, amqp::Service::Availability, event).await.expect("handled");
}

/// Waits for some turns at the database, behind whoever writes.
async fn dawdle(scene: &Scene, turns: usize) {
    for _ in 0..turns {
        scene.database.write(|_| Ok::<_, Error>(())).await.expect("a turn");
    }
}

/// How many reservations were accepted.
async fn round(cached: &Cached, number: usize) -> usize {
    let scene = &cached.scene;
    let room = create(scene, number).await;
    // Each round's requests come at other moments.
    let requests = [(0, number % 4), (2, number / 4 % 4)].map(|(first, turns)| async move {
        let mut accepted = 0;
        for hour in [first, first + 1] {
            dawdle(scene, turns).await;
            match scene.request(Role::Teacher, room, slot(hour, hour + 1)).await {
                Ok(_) => accepted += 1,
                Err(refused) => assert_eq!(codes(refused), ["rule.resource_closed"]),
            }
        }
        accepted
    });
    let closure = async {
        if number.is_multiple_of(10) {
            cached.during(room, slot(0, 24)).await.expect("a look at it");
        }
        let (status, reason) = (ResourceStatus::Maintenance, None);
        let change = ChangeStatus { id: room, expected_version: None, status, reason };
        scene.run(Role::GeneralAdmin, change).await.expect("closed");
        hear(scene, room).await;
        let refused = scene.request(Role::Teacher, room, slot(12, 13)).await.expect_err("closed");
        assert_eq!(codes(refused), ["rule.resource_closed"], "accepted after the reaction");
    };
    let (accepted, ()) = futures_util::join!(futures_util::future::join_all(requests), closure);
    if number.is_multiple_of(10) {
        cached.agrees_on(room, &[slot(-24, 48)], "the closure").await;
    }
    accepted.into_iter().sum()
}

async fn create(scene: &Scene, number: usize) -> Uuid {
    let new = NewResource {
        code: format!("R{number}"),
        name: "Room".to_owned(),
        resource_type: ResourceType::Classroom,
        capacity: Some(30),
        category_id: None,
        program_ids: Vec::new(),
        location: None,
        attributes: Default::default(),
        description: None,
    };
    let room = scene.run(Role::GeneralAdmin, CreateResource(new)).await.expect("created").id;
    hear(scene, room).await;
    room
}

/// The live reservations of each resource that has any.
async fn live(scene: &Scene) -> BTreeMap<Uuid, Vec<BTreeSet<Uuid>>> {
    let (filter, limit) = (ReservationFilter::default(), 10_000);
    let page = scene.ask(ListReservations { filter, after: None, limit }).await.expect("listed");
    let mut live = BTreeMap::<Uuid, Vec<BTreeSet<Uuid>>>::new();
    for one in page.items.into_iter().filter(|one| one.status.is_live()) {
        let of_resource = live.entry(one.resource_id).or_insert_with(|| vec![BTreeSet::new()]);
        of_resource[0].insert(one.id);
    }
    live
}

/// The reservations that conflicts name, for each resource that has any.
async fn flagged(scene: &Scene) -> BTreeMap<Uuid, Vec<BTreeSet<Uuid>>> {
    let mut found = BTreeMap::<Uuid, Vec<BTreeSet<Uuid>>>::new();
    let mut after = 0;
    loop {
        let filter = EventFilter {
            event_type: Some("schedule.conflict.detected".to_owned()),
            after,
            limit: 200,
            ..EventFilter::default()
        };
        let page = scene.database.read(move |connection| list(connection, &filter)).await.expect("listed");
        let Some(last) = page.last() else { return found };
        after = last.position;
        for stored in page {
            let conflict: amqp::events::ScheduleConflictDetected =
                serde_json::from_value(stored.envelope.data).expect("a conflict");
            found
                .entry(conflict.resource_id)
                .or_default()
                .push(conflict.conflicting_reservations.into_iter().collect());
        }
    }
}

/// After a closure every live reservation is named by its conflict, and none is accepted any more.
async fn a_closure_misses_no_reservation(scratch: Scratch) {
    let cached = Cached::on(&scratch);
    let rounds = futures_util::stream::iter(0..ROUNDS).map(|number| round(&cached, number));
    let accepted: Vec<usize> = rounds.buffer_unordered(SIDE_BY_SIDE).collect().await;
    let (total, all) = (accepted.iter().sum::<usize>(), ROUNDS * 4);
    assert!(all / 20 < total && total < all - all / 20, "{total} of {all} were accepted: that is no race");
    let live = live(&cached.scene).await;
    assert_eq!(live.values().flatten().map(BTreeSet::len).sum::<usize>(), total, "what was accepted stands");
    let flagged = settle("every conflict is listed", async || {
        Some(flagged(&cached.scene).await).filter(|flagged| flagged.len() == live.len())
    });
    assert!(flagged.await == live, "each closure names exactly what is live");
}

on_each_engine!(a_closure_misses_no_reservation);
