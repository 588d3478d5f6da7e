//! One reservation, played through: the request, its events, and a double booking that is refused.

use std::time::{Duration, Instant};

use actors::access::Role;
use actors::availability::{Error, NewReservation, Profile, RequestReservation, SearchFreeResources};
use actors::event_store::{EventFilter, list};
use actors::reports::ListRegistered;
use actors::service::{Question, Request};
use chrono::{Datelike, Days, NaiveTime, TimeDelta, Weekday};

use super::accounts::Accounts;
use crate::app::App;
use crate::output::say;

type Failure = Box<dyn std::error::Error>;

/// Plays the story.
pub async fn play(app: &App, accounts: &Accounts, rooms: &[Profile]) -> Result<(), Failure> {
    let teacher = accounts.caller(Role::Teacher);
    let wanted = next_wednesday_at_four(app)?;
    let query = SearchFreeResources {
        from: wanted.0,
        to: wanted.1,
        capacity: Some(25),
        resource_type: None,
        features: Vec::new(),
        building: None,
        limit: 3,
    };
    let free = app.services.availability.send(Question { caller: teacher.clone(), query }).await??;
    let codes: Vec<&str> = free.iter().map(|room| room.code.as_str()).collect();
    say!("A teacher looks for a room for 25 on {} and finds {}", wanted.0.format("%A at %H:%M UTC"), codes.join(", "));
    let room = free.first().ok_or("no room is free")?;
    debug_assert!(rooms.iter().any(|profile| profile.resource_id == room.id));

    let new = NewReservation {
        resource_id: room.id,
        start_time: wanted.0,
        end_time: wanted.1,
        purpose: Some("Thesis defence".to_owned()),
        user_id: None,
        program_id: None,
        participants: Vec::new(),
    };
    let asked = Instant::now();
    let request = Request { caller: teacher, command: RequestReservation(new.clone()) };
    let reservation = app.services.availability.send(request).await??;
    let answered = asked.elapsed();
    say!("  {:>7} reserved {}: {} is {}", ms(answered), room.code, reservation.id, reservation.status.word());
    let registered = wait_for_report(app, accounts, reservation.id, asked).await?;
    say!("  {:>7} its event reservation.created has reached the reports service", ms(registered));
    show_events(app, reservation.id).await?;

    let student = accounts.caller(Role::Student);
    let refused = app.services.availability.send(Request { caller: student, command: RequestReservation(new) }).await?;
    match refused {
        Err(Error::Conflict { conflicts, alternatives }) => {
            say!("A student wants the same room at the same time: refused, {} in the way;", conflicts.len());
            let offers: Vec<_> =
                alternatives.iter().map(|slot| slot.starts_at.format("%a %H:%M").to_string()).collect();
            say!("  offered instead: {} UTC\n", offers.join(", "));
            Ok(())
        }
        other => Err(format!("the double booking was not refused: {other:?}").into()),
    }
}

/// Wednesday of next week, 16:00 to 18:00 on the campus: nothing is taught then.
fn next_wednesday_at_four(
    app: &App,
) -> Result<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>), Failure> {
    let zone = app.time_zone();
    let mut day = app.clock.now().with_timezone(&zone).date_naive() + Days::new(7);
    while day.weekday() != Weekday::Wed {
        day = day + Days::new(1);
    }
    let local = day.and_time(NaiveTime::MIN) + TimeDelta::hours(16);
    let start = local.and_local_timezone(zone).earliest().ok_or("there is no such time")?.to_utc();
    Ok((start, start + TimeDelta::hours(2)))
}

async fn wait_for_report(
    app: &App,
    accounts: &Accounts,
    reservation: uuid::Uuid,
    since: Instant,
) -> Result<Duration, Failure> {
    loop {
        let question = Question { caller: accounts.administrator(), query: ListRegistered };
        let registered = app.services.reports.send(question).await??;
        if registered.iter().any(|row| row.reservation_id == reservation) {
            return Ok(since.elapsed());
        }
        if since.elapsed() > Duration::from_secs(10) {
            return Err("the event did not reach the reports service within 10 s".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn show_events(app: &App, aggregate: uuid::Uuid) -> Result<(), Failure> {
    let filter = EventFilter { aggregate_id: Some(aggregate), limit: 10, ..EventFilter::default() };
    let events: Result<_, actors::database::Error> =
        app.database.read(move |connection| list(connection, &filter)).await;
    for stored in events? {
        let event = stored.envelope;
        say!("          event {} {} version {}", stored.position, event.event_type, event.version);
    }
    Ok(())
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
