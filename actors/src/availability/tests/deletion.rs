//! What a deletion would cancel is what is counted before.

use super::*;

async fn what_is_counted_is_what_a_deletion_cancels(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let (room, other) = (scene.room().await, scene.resource("SA402", CustomRules::default()).await);
    let running = scene.reserve(room, slot(0, 2)).await;
    // Not in the order of time, so that the order of the answer is not that of the identifiers.
    let mut ahead = Vec::new();
    for hour in [12, 4, 10, 6, 8, 2] {
        ahead.push(scene.reserve(room, slot(hour, hour + 1)).await);
    }
    let called_off = scene.reserve(room, slot(14, 15)).await;
    scene.run(Role::Teacher, cancel(called_off.id)).await.expect("cancelled");
    scene.reserve(other, slot(4, 5)).await;
    scene.clock.advance(TimeDelta::hours(1));

    ahead.sort_by_key(|reservation| reservation.slot.starts_at);
    let first = ahead.iter().take(5).map(|reservation| reservation.id).collect();
    let counted = scene.ask(CountFuture { resource_id: room }).await.expect("counted");
    assert_eq!(counted, FutureReservations { count: 6, first });

    let delete = DeleteResource { id: room, expected_version: None, reason: None };
    scene.run(Role::GeneralAdmin, delete).await.expect("deleted");
    scene.deliver().await;
    let status = async |id| scene.ask(GetReservation(id)).await.expect("found").status;
    for reservation in &ahead {
        assert_eq!(status(reservation.id).await, ReservationStatus::Cancelled);
    }
    assert_eq!(status(running.id).await, ReservationStatus::Confirmed);
    let counted = scene.ask(CountFuture { resource_id: room }).await.expect("counted");
    assert_eq!(counted, FutureReservations { count: 0, first: Vec::new() });
    scene.is_consistent().await;
}

async fn what_begins_now_has_begun(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    scene.reserve(room, slot(2, 4)).await;
    let count = async || scene.ask(CountFuture { resource_id: room }).await.expect("counted").count;
    scene.clock.advance(TimeDelta::hours(2) - TimeDelta::microseconds(1));
    assert_eq!(count().await, 1);
    scene.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(count().await, 0);
    let unknown = scene.ask(CountFuture { resource_id: Uuid::nil() }).await.expect("counted");
    assert_eq!(unknown.count, 0);
}

on_each_engine!(what_is_counted_is_what_a_deletion_cancels, what_begins_now_has_begun);
