//! Whatever is done in whatever order, state, history, holds and reports agree.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::database::{Engine, scratch};

#[derive(Debug, Clone, Copy)]
enum Step {
    Request { resource: usize, quarter: i64, quarters: i64, nanos: i64 },
    Edit { which: usize, quarter: i64 },
    Cancel { which: usize },
    Close { resource: usize },
    Open { resource: usize },
    Delete { resource: usize },
    Wait { minutes: i64 },
    Deliver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let request = (0..3_usize, 0..64_i64, 1..12_i64, 0..2_000_i64)
        .prop_map(|(resource, quarter, quarters, nanos)| Step::Request { resource, quarter, quarters, nanos });
    let step = prop_oneof![
        10 => request,
        4 => (0..20_usize, 0..64_i64).prop_map(|(which, quarter)| Step::Edit { which, quarter }),
        4 => (0..20_usize).prop_map(|which| Step::Cancel { which }),
        1 => (0..3_usize).prop_map(|resource| Step::Close { resource }),
        1 => (0..3_usize).prop_map(|resource| Step::Open { resource }),
        1 => (1..3_usize).prop_map(|resource| Step::Delete { resource }),
        2 => (1..60_i64).prop_map(|minutes| Step::Wait { minutes }),
        3 => Just(Step::Deliver),
    ];
    prop::collection::vec(step, 1..50)
}

async fn walk(scratch: Scratch, steps: Vec<Step>) {
    let scene = Scene::on(&scratch);
    let mut rooms = Vec::new();
    for (code, units) in [("A", 1), ("B", 2), ("C", 1)] {
        rooms
            .push(scene.resource(code, CustomRules { max_concurrent_bookings: units, ..CustomRules::default() }).await);
    }
    let mut made: Vec<Reservation> = Vec::new();
    for step in steps {
        take(&scene, &rooms, &mut made, step).await;
    }
    scene.is_consistent().await;
}

/// A refusal is as good an outcome as any, but for one: that storage failed.
async fn take(scene: &Scene, rooms: &[Uuid], made: &mut Vec<Reservation>, step: Step) {
    let quarters = |count: i64| TimeDelta::minutes(15 * count);
    let status =
        |resource: usize, status| ChangeStatus { id: rooms[resource], expected_version: None, status, reason: None };
    let outcome = match step {
        Step::Request { resource, quarter, quarters: length, nanos } => {
            let starts_at = monday() + quarters(quarter) + TimeDelta::nanoseconds(nanos);
            let slot = Slot { starts_at, ends_at: starts_at + quarters(length) };
            scene.request(Role::Teacher, rooms[resource], slot).await.map(|reservation| made.push(reservation))
        }
        Step::Edit { which, quarter } => match made.get(which) {
            Some(reservation) => {
                let slot = slot(0, 1).moved(quarters(quarter));
                scene.run(Role::Teacher, moved(reservation.id, slot)).await.map(drop)
            }
            None => Ok(()),
        },
        Step::Cancel { which } => match made.get(which) {
            Some(reservation) => scene.run(Role::Teacher, cancel(reservation.id)).await.map(drop),
            None => Ok(()),
        },
        Step::Close { resource } => {
            let _ = scene.run(Role::GeneralAdmin, status(resource, ResourceStatus::Maintenance)).await;
            Ok(())
        }
        Step::Open { resource } => {
            let _ = scene.run(Role::GeneralAdmin, status(resource, ResourceStatus::Available)).await;
            Ok(())
        }
        Step::Delete { resource } => {
            let delete = DeleteResource { id: rooms[resource], expected_version: None, reason: None };
            let _ = scene.run(Role::GeneralAdmin, delete).await;
            Ok(())
        }
        Step::Wait { minutes } => {
            scene.clock.advance(TimeDelta::minutes(minutes));
            Ok(())
        }
        Step::Deliver => {
            scene.deliver().await;
            Ok(())
        }
    };
    assert!(!matches!(outcome, Err(Error::Storage(_))), "{step:?}: {outcome:?}");
}

#[test]
fn state_history_holds_and_reports_agree() {
    let config = Config { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        scratch::run(Engine::Sqlite, |scratch| walk(scratch, steps));
        Ok(())
    });
    walked.expect("they agree");
}
