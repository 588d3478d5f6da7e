//! Reserving, moving and cancelling.

use super::*;

async fn what_is_taken_is_refused_with_alternatives_that_are_free(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let first = scene.reserve(room, slot(2, 4)).await;
    assert_eq!((first.status, first.version), (ReservationStatus::Confirmed, 1));
    let Err(Error::Conflict { conflicts, alternatives }) = scene.request(Role::Teacher, room, slot(3, 5)).await else {
        panic!("it is taken")
    };
    assert_eq!(conflicts.iter().map(|conflict| conflict.holder_id).collect::<Vec<_>>(), [first.id]);
    assert_eq!((conflicts[0].start_time, conflicts[0].end_time), (first.slot.starts_at, first.slot.ends_at));
    assert_eq!((alternatives.len(), alternatives[0]), (3, slot(4, 6)), "the nearest first");
    for alternative in alternatives {
        let offered = scene.reserve(room, alternative).await;
        scene.run(Role::Teacher, cancel(offered.id)).await.expect("cancelled");
    }
    scene.reserve(room, slot(4, 5)).await;
    scene.is_consistent().await;
}

async fn the_buffer_is_kept_free(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.resource("B1", CustomRules { buffer_minutes: 15, ..CustomRules::default() }).await;
    scene.reserve(room, slot(2, 4)).await;
    let quarter = slot(4, 5).moved(TimeDelta::minutes(15));
    let short = quarter.moved(TimeDelta::microseconds(-1));
    assert!(matches!(scene.request(Role::Teacher, room, short).await, Err(Error::Conflict { .. })));
    scene.reserve(room, quarter).await;
    let before = slot(1, 2);
    assert!(matches!(scene.request(Role::Teacher, room, before).await, Err(Error::Conflict { .. })));
    scene.reserve(room, before.moved(TimeDelta::minutes(-15))).await;
    scene.is_consistent().await;
}

async fn as_many_as_there_are_units_and_no_more(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.resource("L1", CustomRules { max_concurrent_bookings: 3, ..CustomRules::default() }).await;
    for _ in 0..3 {
        scene.reserve(room, slot(2, 4)).await;
    }
    let Err(Error::Conflict { conflicts, .. }) = scene.request(Role::Teacher, room, slot(3, 5)).await else {
        panic!("all are taken")
    };
    assert_eq!(conflicts.len(), 3);
    scene.is_consistent().await;
}

async fn cancelling_frees_and_moving_moves(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let first = scene.reserve(room, slot(2, 4)).await;
    let second = scene.reserve(room, slot(4, 6)).await;
    let refused = scene.run(Role::Teacher, moved(second.id, slot(3, 5))).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    let kept = scene.run(Role::Teacher, moved(second.id, slot(5, 7))).await.expect("it may overlap itself");
    assert_eq!((kept.slot, kept.version), (slot(5, 7), 2));
    scene.run(Role::Teacher, cancel(first.id)).await.expect("cancelled");
    assert!(matches!(scene.run(Role::Teacher, cancel(first.id)).await, Err(Error::NotChangeable(_))));
    scene.run(Role::Teacher, moved(second.id, slot(2, 5))).await.expect("free again");
    let stale = EditReservation { expected_version: Some(1), ..moved(second.id, slot(8, 9)) };
    assert!(matches!(scene.run(Role::Teacher, stale).await, Err(Error::VersionStale { current: 3 })));
    assert_eq!(
        codes(scene.run(Role::Teacher, moved(second.id, slot(2, 20))).await.expect_err("too long"))[0],
        "rule.max_duration"
    );
    scene.is_consistent().await;
}

async fn finer_than_a_microsecond_is_cut(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let fine = slot(2, 4).moved(TimeDelta::nanoseconds(1_234));
    let made = scene.reserve(room, fine).await;
    assert_eq!(made.slot, slot(2, 4).moved(TimeDelta::microseconds(1)));
    scene.run(Role::Teacher, moved(made.id, fine.moved(TimeDelta::hours(1)))).await.expect("moved");
    scene.is_consistent().await;
}

async fn a_student_has_five_a_week_also_all_at_once(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let (one, other) = (scene.room().await, scene.resource("SA402", CustomRules::default()).await);
    for hour in 0..4 {
        scene.request(Role::Student, one, slot(hour, hour + 1)).await.expect("reserved");
    }
    let (a, b) = futures_util::join!(
        scene.request(Role::Student, one, slot(5, 6)),
        scene.request(Role::Student, other, slot(5, 6)),
    );
    let (made, refused) = if a.is_ok() { (a, b) } else { (b, a) };
    let made = made.expect("the fifth");
    assert_eq!(codes(refused.expect_err("the sixth")), ["rule.weekly_limit"]);
    scene.run(Role::Student, moved(made.id, slot(7, 8))).await.expect("the fifth may be moved");
    scene.request(Role::Student, one, slot(7 * 24, 7 * 24 + 1)).await.expect("another week");
    scene.request(Role::Teacher, one, slot(9, 10)).await.expect("staff is exempt");
}

async fn a_series_is_had_in_whole_or_in_part(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let taken = scene.reserve(room, slot(7 * 24 + 2, 7 * 24 + 4)).await;
    let series = |mode, dry_run| {
        let new = NewSeries {
            resource_id: room,
            start_time: slot(3, 4).starts_at,
            end_time: slot(3, 4).ends_at,
            time_zone: None,
            rrule: "FREQ=WEEKLY;COUNT=6".to_owned(),
            exdates: Vec::new(),
            mode,
            purpose: None,
            user_id: None,
        };
        RequestSeries { new, dry_run }
    };
    let Err(Error::Conflict { conflicts, .. }) = scene.run(Role::Teacher, series(SeriesMode::All, false)).await else {
        panic!("one of them is taken")
    };
    assert_eq!(conflicts[0].holder_id, taken.id);
    let tried = scene.run(Role::Teacher, series(SeriesMode::Skip, true)).await.expect("tried");
    assert_eq!((tried.created, tried.rejected.len(), tried.reservations.len(), tried.id), (5, 1, 0, None));
    let made = scene.run(Role::Teacher, series(SeriesMode::Skip, false)).await.expect("made");
    assert_eq!((made.created, made.reservations.len(), &made.rejected), (5, 5, &tried.rejected));
    let id = made.id.expect("a series");
    assert_eq!(scene.ask(GetSeries(id)).await.expect("found").reservations.len(), 5);
    let cancelled = scene.run(Role::Teacher, CancelSeries { id, reason: None }).await.expect("cancelled");
    assert_eq!(cancelled.cancelled, 5);
    scene.run(Role::Teacher, cancel(taken.id)).await.expect("cancelled");
    let whole = scene.run(Role::Teacher, series(SeriesMode::All, false)).await.expect("free now");
    assert_eq!(whole.created, 6);
    scene.is_consistent().await;
}

async fn a_block_placed_twice_is_placed_once(scratch: Scratch) {
    let scene = Scene::on(&scratch);
    let room = scene.room().await;
    let block = |weeks: i64| PlaceBlock {
        series_id: Uuid::from_u128(5),
        resource_id: room,
        user_id: USER,
        purpose: Some("Physics".to_owned()),
        rrule: "FREQ=WEEKLY".to_owned(),
        slots: (0..weeks).map(|week| slot(2, 4).moved(TimeDelta::weeks(week))).collect(),
        dry_run: false,
    };
    let placed = |created, unchanged| Placed { created, unchanged, ..Placed::default() };
    let run = |block| scene.run(Role::ProgramAdmin, block);
    assert_eq!(run(PlaceBlock { dry_run: true, ..block(15) }).await.expect("tried"), placed(15, 0));
    assert_eq!(run(block(15)).await.expect("placed"), placed(15, 0));
    assert_eq!(run(block(15)).await.expect("placed"), placed(0, 15));
    assert_eq!(run(block(16)).await.expect("placed"), placed(1, 15));
    let other = run(PlaceBlock { series_id: Uuid::from_u128(6), ..block(16) }).await.expect("placed");
    assert_eq!((other.created, other.refused.len(), other.conflicts.len()), (0, 16, 16));
    scene.is_consistent().await;
}

on_each_engine!(
    what_is_taken_is_refused_with_alternatives_that_are_free,
    the_buffer_is_kept_free,
    as_many_as_there_are_units_and_no_more,
    cancelling_frees_and_moving_moves,
    finer_than_a_microsecond_is_cut,
    a_student_has_five_a_week_also_all_at_once,
    a_series_is_had_in_whole_or_in_part,
    a_block_placed_twice_is_placed_once,
);
