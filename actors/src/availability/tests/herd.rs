//! Many who want the same at the same time.

use super::occupancy::{Claim, occupy};
use super::*;

async fn a_herd_makes_no_overlap(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let tasks = (0..16_u64).map(|number| {
        let scene = &scene;
        async move {
            let mut random = fastrand::Rng::with_seed(number);
            let mut made = 0;
            for _ in 0..50 {
                let from = random.i64(0..60);
                let slot = slot(0, 1).moved(TimeDelta::minutes(from * 15));
                match scene.request(Role::Teacher, room, slot).await {
                    Ok(_) => made += 1,
                    Err(Error::Conflict { conflicts, .. }) => assert!(!conflicts.is_empty(), "the lock was forgotten"),
                    Err(error) => panic!("{error:?}"),
                }
            }
            made
        }
    });
    let made: usize = futures_util::future::join_all(tasks).await.into_iter().sum();
    let (stored, differences) = scene.ask(CheckReservations).await.expect("checked");
    assert_eq!((stored, differences), (made, vec![]));
    assert!(made > 1);
}

/// Both take the locks on the student and on the resource, in one order.
async fn asking_and_moving_at_once_do_not_wait_for_each_other(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    for code in ["A", "B", "C", "D", "E", "F"] {
        let room = scene.resource(code, CustomRules::default()).await;
        let made = scene.reserve(room, slot(0, 1)).await;
        let asked = (0..20).map(|_| async {
            let asked = scene.request(Role::Student, room, slot(2, 3)).await;
            assert!(!matches!(asked, Err(Error::Storage(_))), "{asked:?}");
        });
        let edited = (0..20).map(|number| {
            let edit = scene.run(Role::Student, moved(made.id, slot(4 + number % 9, 5 + number % 9)));
            async move {
                let edited = edit.await;
                assert!(!matches!(edited, Err(Error::Storage(_))), "{edited:?}");
            }
        });
        futures_util::join!(futures_util::future::join_all(asked), futures_util::future::join_all(edited));
    }
}

/// The proof behind the lock: writers who forget it are refused all the same.
async fn the_constraint_alone_refuses_an_overlap(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let claim = |unit, slot| Claim { resource_id: Uuid::from_u128(1), unit, slot, holder_id: Ids.next() };
    let hold = async |claim: Claim| scene.database.write(move |transaction| occupy(transaction, &[claim])).await;
    hold(claim(0, slot(2, 60))).await.expect("free: three pieces");
    for taken in [slot(2, 4), slot(0, 3), slot(59, 61), slot(30, 31), slot(0, 70), slot(25, 27)] {
        assert!(matches!(hold(claim(0, taken)).await, Err(Error::Conflict { .. })), "{taken:?}");
    }
    hold(claim(0, slot(0, 2))).await.expect("it ends where the other begins");
    hold(claim(0, slot(60, 61))).await.expect("it begins where the other ends");
    hold(claim(1, slot(2, 60))).await.expect("another unit");
    let at_once = (0..12).map(|number| hold(claim(2, slot(number / 4, number / 4 + 3))));
    let held = futures_util::future::join_all(at_once).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(held, 1, "all of them overlap between 2 and 3");
}

on_each_engine!(
    a_herd_makes_no_overlap,
    asking_and_moving_at_once_do_not_wait_for_each_other,
    the_constraint_alone_refuses_an_overlap
);
