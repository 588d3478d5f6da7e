//! Reading the store as a stream.

use super::*;
use crate::database::scratch::settle;

async fn listed(database: &Database, filter: EventFilter) -> Vec<StoredEvent> {
    database.read(move |connection| list(connection, &filter)).await.expect("a list")
}

fn places(events: &[StoredEvent]) -> Vec<(u128, i64)> {
    events.iter().map(|stored| (stored.envelope.aggregate_id.as_u128(), stored.envelope.version)).collect()
}

/// On PostgreSQL the list ends before any transaction that is open anywhere on the server, such as another test's.
async fn listed_in_full(database: &Database, filter: EventFilter, count: usize) -> Vec<StoredEvent> {
    settle("the events are listed", async || {
        let events = listed(database, filter.clone()).await;
        (events.len() == count).then_some(events)
    })
    .await
}

async fn filters_and_cursor(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1), (1, 2), (3, 1), (2, 2)]).await;
    let all = EventFilter { limit: 100, ..EventFilter::default() };
    let events = listed_in_full(&database, all.clone(), 5).await;
    assert_eq!(places(&events), [(1, 1), (2, 1), (1, 2), (3, 1), (2, 2)]);
    assert!(events.is_sorted_by(|a, b| a.position < b.position));
    let of_type = EventFilter { event_type: Some("category.updated".to_owned()), ..all.clone() };
    assert_eq!(places(&listed_in_full(&database, of_type, 2).await), [(1, 2), (2, 2)]);
    let of_aggregate = EventFilter { aggregate_id: Some(aggregate(2)), ..all.clone() };
    assert_eq!(places(&listed_in_full(&database, of_aggregate, 2).await), [(2, 1), (2, 2)]);
    let mut read = Vec::new();
    let mut after = 0;
    loop {
        let left = events.len() - read.len();
        let page = listed_in_full(&database, EventFilter { after, limit: 2, ..all.clone() }, left.min(2)).await;
        let Some(last) = page.last() else { break };
        after = last.position;
        read.extend(page);
    }
    assert_eq!(read, events, "page by page as well as all at once");
}

/// An earlier position may commit later: a reader who went past it would never see its event.
async fn a_cursor_never_passes_an_open_transaction(scratch: Scratch) {
    let database = scratch.open();
    let (begun, inside) = oneshot::channel();
    let (release, released) = mpsc::channel();
    let slow = database.write(move |transaction| {
        put(transaction, 1, 1)?;
        let _ = begun.send(());
        let _ = released.recv();
        Ok::<_, Error>(())
    });
    let fast = async {
        inside.await.expect("the slow one has its position");
        let filter = EventFilter { limit: 100, ..EventFilter::default() };
        let quick = database.write(|transaction| put(transaction, 2, 1));
        let mut seen = Vec::new();
        if scratch.engine() == crate::database::Engine::Postgres {
            quick.await.expect("committed past the slow one");
            seen = listed(&database, filter.clone()).await;
            assert!(seen.is_empty(), "the slow one's place is still open: {seen:?}");
            release.send(()).expect("the slow one waits");
        } else {
            // The one writer commits in the order of positions.
            release.send(()).expect("the slow one waits");
            quick.await.expect("committed");
        }
        let after = seen.last().map_or(0, |stored| stored.position);
        (filter, after)
    };
    let (slow, (filter, after)) = futures_util::join!(slow, fast);
    slow.expect("committed");
    let events = listed_in_full(&database, EventFilter { after, ..filter }, 2).await;
    assert_eq!(places(&events), [(1, 1), (2, 1)]);
}

on_each_engine!(filters_and_cursor, a_cursor_never_passes_an_open_transaction);
