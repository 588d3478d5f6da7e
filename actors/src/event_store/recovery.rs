//! Events that a consumer has not handled: found by comparing the store with the inbox, whatever became of them on
//! the road.

use std::sync::Arc;

use amqp::transport::rabbitmq::Recover;
use amqp::{Service, catalogue};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::database::{Database, DatabaseConnection, Error, Transaction};

/// What a consumer has neither handled nor parked, as a condition on `events e` with the consumer's name as `$1`.
fn unhandled(service: Service) -> Option<String> {
    let types: Vec<String> = catalogue::consumed_by(service).map(|entry| format!("'{}'", entry.event_type)).collect();
    if types.is_empty() {
        return None;
    }
    Some(format!(
        "e.event_type IN ({})
         AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.consumer = $1 AND i.event_id = e.event_id)
         AND NOT EXISTS (SELECT 1 FROM dead_letters d WHERE d.consumer = $1 AND d.event_id = e.event_id)",
        types.join(", ")
    ))
}

/// Puts into the outbox again whatever these services have not handled, because the queues that held it are gone. The
/// other consumers of the same events know them from their inboxes.
///
/// # Errors
/// When a statement fails.
pub async fn enqueue_unhandled(database: &Database, services: Vec<Service>) -> Result<u64, Error> {
    database
        .write(move |transaction| {
            let mut enqueued = 0;
            for service in services {
                let count = enqueue(transaction, service)?;
                if count > 0 {
                    log::warn!("the queue of {service} was missing: {count} events are published again");
                }
                enqueued += count;
            }
            Ok(enqueued)
        })
        .await
}

/// The same as what a road over a broker asks for.
pub fn hook(database: Database) -> Recover {
    Arc::new(move |services| {
        let database = database.clone();
        Box::pin(
            async move { enqueue_unhandled(&database, services).await.map(drop).map_err(|error| error.to_string()) },
        )
    })
}

fn enqueue(transaction: &mut Transaction<'_>, service: Service) -> Result<u64, Error> {
    let Some(unhandled) = unhandled(service) else { return Ok(0) };
    let written = diesel::sql_query(format!(
        "INSERT INTO outbox (position, aggregate_id, due_at)
         SELECT e.position, e.aggregate_id, e.recorded_at FROM events e
         WHERE {unhandled} AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.position = e.position)
         ORDER BY e.position
         ON CONFLICT DO NOTHING"
    ))
    .bind::<Text, _>(service.name())
    .execute(transaction.connection())?;
    transaction.mark_appended(written);
    Ok(u64::try_from(written).unwrap_or_default())
}

/// How many events wait for a service to handle them, on the road or in the outbox.
///
/// # Errors
/// When the query fails.
pub fn count_unhandled(connection: &mut DatabaseConnection, service: Service) -> Result<i64, Error> {
    let Some(unhandled) = unhandled(service) else { return Ok(0) };
    let counted: Counted = diesel::sql_query(format!("SELECT count(*) AS count FROM events e WHERE {unhandled}"))
        .bind::<Text, _>(service.name())
        .get_result(connection)?;
    Ok(counted.count)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}
