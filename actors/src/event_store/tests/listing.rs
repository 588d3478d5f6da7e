//! Reading the store as a stream.

use super::*;

async fn listed(database: &Database, filter: EventFilter) -> Vec<StoredEvent> {
    database.read(move |connection| list(connection, &filter)).await.expect("a list")
}

fn places(events: &[StoredEvent]) -> Vec<(u128, i64)> {
    events.iter().map(|stored| (stored.envelope.aggregate_id.as_u128(), stored.envelope.version)).collect()
}

async fn filters_and_cursor(scratch: Scratch) {
    let database = scratch.open();
    happened(&database, &[(1, 1), (2, 1), (1, 2), (3, 1), (2, 2)]).await;
    let all = EventFilter { limit: 100, ..EventFilter::default() };
    let events = listed(&database, all.clone()).await;
    assert_eq!(places(&events), [(1, 1), (2, 1), (1, 2), (3, 1), (2, 2)]);
    assert!(events.is_sorted_by(|a, b| a.position < b.position));
    let of_type = EventFilter { event_type: Some("category.updated".to_owned()), ..all.clone() };
    assert_eq!(places(&listed(&database, of_type).await), [(1, 2), (2, 2)]);
    let of_aggregate = EventFilter { aggregate_id: Some(aggregate(2)), ..all.clone() };
    assert_eq!(places(&listed(&database, of_aggregate).await), [(2, 1), (2, 2)]);
    let mut read = Vec::new();
    let mut after = 0;
    loop {
        let page = listed(&database, EventFilter { after, limit: 2, ..all.clone() }).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
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
    let events = listed(&database, EventFilter { after, ..filter }).await;
    assert_eq!(places(&events), [(1, 1), (2, 1)]);
}

on_each_engine!(filters_and_cursor, a_cursor_never_passes_an_open_transaction);
