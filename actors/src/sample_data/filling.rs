//! Writing it all.

use std::ops::Range;
use std::sync::Arc;

use amqp::events::ResourceCreated;
use chrono::{DateTime, Days, NaiveTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::history::Campus as Past;
use super::plan::Plan;
use super::{Error, Filled, Order, people, rooms};
use crate::auth::model::UserEvent;
use crate::auth::{self, UnknownPassword, User};
use crate::availability::model::ReservationEvent;
use crate::availability::{self, Reservation};
use crate::database::{self, Database, Engine, Transaction, finish_bulk, prepare_bulk};
use crate::event_store::{self, Past as PastEvent};
use crate::resources::model::ResourceEvent;
use crate::resources::{self, Resource};
use crate::service::Campus;
use crate::{cache, reports};

/// Cells that are written in one transaction: up to four times as many reservations.
const CELLS_A_BATCH: u64 = 1_250;
/// Batches that are made up ahead of being written.
const MADE_AHEAD: usize = 2;
/// Days between the making of rooms and users and the first reservation, which is asked for some time before.
const PREPARATION: Days = Days::new(30);

/// Fills the empty database of `campus`; `progress` is told how many reservations have been written. What is committed is
/// sound at any time, so whoever stops a filling has a smaller installation, and one that is no longer empty.
///
/// # Errors
/// [`Error::NotEmpty`] when anything is stored, and the other reasons of [`Error`].
pub async fn fill(campus: &Campus, order: Order, progress: impl Fn(u64)) -> Result<Filled, Error> {
    let now = campus.clock.now();
    let plan = Plan::new(order, now.with_timezone(&campus.time_zone).date_naive(), campus.time_zone)?;
    let days = plan.span().ok_or(Error::TooMany { resources: order.resources, most: 0 })?;
    let beginning = (days.0 - PREPARATION).and_time(NaiveTime::MIN).and_utc();
    let past = Arc::new(begin(&campus.database, order, beginning, now).await?);
    let users = u32::try_from(past.users.len()).unwrap_or(u32::MAX);

    let plan = Arc::new(plan);
    let batches = (0..plan.cells()).step_by(usize::try_from(CELLS_A_BATCH).unwrap_or(usize::MAX));
    let made = batches.map(|first| make(Arc::clone(&plan), Arc::clone(&past), first..first + CELLS_A_BATCH));
    // SQLite has one writer; what waited for it together would share a commit, in savepoints that only cost time here.
    let at_once = if campus.database.engine() == Engine::Sqlite { 1 } else { 4 };
    let mut written = 0;
    stream::iter(made)
        .buffered(MADE_AHEAD)
        .map_ok(|batch| write(&campus.database, batch))
        .try_buffer_unordered(at_once)
        .try_for_each(|count| {
            written += count;
            progress(written);
            futures_util::future::ready(Ok(()))
        })
        .await?;
    campus.database.write(finish_bulk).await?;
    // Nobody notes what so many events outdate. Without a cache there is nothing to forget, which is an error there.
    let _ = campus.cache.forget_pattern(&cache::Pattern::all()).await;
    Ok(Filled { resources: order.resources, users, reservations: written, days })
}

/// Writes rooms and users, in the transaction that finds the database empty.
async fn begin(database: &Database, order: Order, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Past, Error> {
    let rooms: Result<Vec<_>, Error> = (0..order.resources).map(|number| rooms::make(order.seed, number, at)).collect();
    let users = 0..people::count(order.reservations);
    let users: Result<Vec<_>, Error> = users.map(|number| people::make(order.seed, number, at)).collect();
    let (rooms, room_events): (Vec<Resource>, Vec<PastEvent<ResourceEvent>>) = rooms?.into_iter().unzip();
    let (users, user_events): (Vec<User>, Vec<PastEvent<UserEvent>>) = users?.into_iter().unzip();
    let past = Past {
        seed: order.seed,
        now,
        rooms: rooms.iter().map(|room| room.id).collect(),
        users: users.iter().map(|user| user.id).collect(),
    };
    let password = UnknownPassword::make().await?;
    database
        .write(move |transaction| {
            database::lock(transaction, &[lock_id()])?;
            if !event_store::is_empty(transaction.connection())? {
                return Err(Error::NotEmpty);
            }
            prepare_bulk(transaction)?;
            auth::insert_bulk(transaction, &users, &password)?;
            event_store::insert_past(transaction, &user_events)?;
            resources::insert_bulk(transaction, &rooms)?;
            availability::insert_profiles(transaction, room_events.iter().filter_map(creation).collect())?;
            Ok(event_store::insert_past(transaction, &room_events)?)
        })
        .await?;
    Ok(past)
}

fn creation(past: &PastEvent<ResourceEvent>) -> Option<ResourceCreated> {
    match &past.event {
        ResourceEvent::Created(created) => Some(created.clone()),
        _ => None,
    }
}

/// What two processes that fill the same database lock, so that only one of them finds it empty.
fn lock_id() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, b"bookly/sample-data")
}

type Batch = Vec<(Reservation, PastEvent<ReservationEvent>)>;

/// The reservations of some cells, in the order in which they were asked for. On a thread of its own: it takes as long as
/// the database does.
async fn make(plan: Arc<Plan>, past: Arc<Past>, cells: Range<u64>) -> Result<Batch, Error> {
    let made = tokio::task::spawn_blocking(move || {
        let mut batch = Batch::new();
        for (day, room, slots) in cells.map_while(|number| plan.cell(number)) {
            batch.extend(past.reservations(day, room, &slots)?);
        }
        batch.sort_unstable_by_key(|(reservation, _)| (reservation.created_at, reservation.id));
        Ok(batch)
    });
    made.await.map_err(|error| Error::Unfit(error.to_string()))?
}

async fn write(database: &Database, batch: Batch) -> Result<u64, Error> {
    let count = batch.len() as u64;
    let (reservations, events): (Vec<Reservation>, Vec<PastEvent<ReservationEvent>>) = batch.into_iter().unzip();
    database
        .write(move |transaction: &mut Transaction<'_>| {
            prepare_bulk(transaction)?;
            availability::insert_reservations(transaction, &reservations)?;
            event_store::insert_past(transaction, &events)?;
            let created = events.iter().filter_map(|past| match &past.event {
                ReservationEvent::Created(created) => Some(created),
                _ => None,
            });
            reports::insert_bulk(transaction, created)
        })
        .await
        .map_err(Error::from)
        .map(|()| count)
}
