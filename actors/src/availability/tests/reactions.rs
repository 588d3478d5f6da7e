//! What happens to resources, and what the check finds.

use diesel::connection::SimpleConnection;

use super::*;

async fn a_deleted_resource_lets_go_of_its_future(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let running = scene.reserve(room, slot(0, 4)).await;
    let future = scene.reserve(room, slot(4, 6)).await;
    scene.clock.advance(TimeDelta::hours(1));
    let delete = DeleteResource { id: room, expected_version: None, reason: None };
    scene.run(Role::GeneralAdmin, delete).await.expect("deleted");
    scene.deliver().await;
    let status = async |id| scene.ask(GetReservation(id)).await.expect("found").status;
    assert_eq!(status(running.id).await, ReservationStatus::Confirmed);
    assert_eq!(status(future.id).await, ReservationStatus::Cancelled);
    let refused = scene.request(Role::Teacher, room, slot(8, 9)).await;
    assert!(matches!(refused, Err(Error::ResourceNotFound)), "{refused:?}");
    scene.is_consistent().await;
}

async fn a_closure_flags_what_it_overlaps_and_admits_nothing(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    scene.reserve(room, slot(2, 4)).await;
    let status = |status| ChangeStatus { id: room, expected_version: None, status, reason: None };
    scene.run(Role::GeneralAdmin, status(ResourceStatus::Maintenance)).await.expect("closed");
    scene.deliver().await;
    let usage = crate::reports::Usage { from: monday(), to: monday() + TimeDelta::days(1) };
    assert_eq!(scene.ask(usage).await.expect("a report").items[0].conflicts, 1);
    let refused = scene.request(Role::Teacher, room, slot(8, 9)).await.expect_err("closed");
    assert_eq!(codes(refused), ["rule.resource_closed"]);
    scene.run(Role::GeneralAdmin, status(ResourceStatus::Available)).await.expect("opened");
    scene.deliver().await;
    scene.reserve(room, slot(8, 9)).await;
    scene.is_consistent().await;
}

async fn the_check_finds_what_was_tampered_with(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    scene.reserve(room, slot(2, 4)).await;
    scene.is_consistent().await;
    let tampering = [
        ("UPDATE reservations SET purpose = 'x'", "UPDATE reservations SET purpose = NULL"),
        ("UPDATE reservations SET status = 'CANCELLED'", "UPDATE reservations SET status = 'CONFIRMED'"),
        ("UPDATE events SET version = version + 5", "UPDATE events SET version = version - 5"),
        ("DELETE FROM occupancy", "SELECT 1"),
    ];
    for (tamper, mend) in tampering {
        let run = async |statement: &'static str| {
            let work = scene.database.write(move |transaction| {
                transaction.connection().batch_execute(statement).map_err(database::Error::from)
            });
            work.await.expect(statement);
        };
        run(tamper).await;
        let (compared, differences) = scene.ask(CheckReservations).await.expect("checked");
        assert_eq!(compared, 1);
        assert!(!differences.is_empty(), "{tamper}");
        run(mend).await;
    }
}

on_each_engine!(
    a_deleted_resource_lets_go_of_its_future,
    a_closure_flags_what_it_overlaps_and_admits_nothing,
    the_check_finds_what_was_tampered_with,
);
